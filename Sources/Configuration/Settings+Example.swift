extension Settings {
    /// A complete, commented configuration file. Its values *are* the defaults: a file is put over it, then the
    /// environment.
    public static let example = """
        # Settings of notestream. Everything here is the default: keep the lines that you change.
        #
        # Each setting is also an environment variable, which wins over the file: NOTESTREAM_, section, key, as in
        # NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS. Client settings have _ for the dot: NOTESTREAM_KAFKA_CLIENT_SASL_USERNAME
        # sets sasl.username.

        kafka:
          # The brokers: host:port, several with commas between.
          bootstrap_servers: 127.0.0.1:9092
          # Put before every topic's name, so that several installations can share a cluster.
          topic_prefix: ''
          # Put before the names of consumer groups and transactions.
          group_prefix: notestream-
          # Passed to librdkafka as they are: security.protocol, sasl.mechanism, ssl.ca.location, compression.type, …
          client: {}
          # Client settings that must not be seen, each with a file that holds it: {sasl.password: /run/secrets/kafka}. The
          # file is read anew at each connection. NOTESTREAM_KAFKA_CLIENT_SASL_PASSWORD, the password itself, wins over it.
          secrets: {}

        state:
          # Where the stores lie. All of it can be rebuilt from the topics; a local disk is best.
          directory: ~/.local/state/notestream
          # A name that stays the same over restarts and that no other instance has. Empty: made once, kept in the folder.
          instance: ''
          # A folder for copies of the stores, from which a new instance (or one with a new disk) replays only what came
          # since. Best on storage that outlives the machine, shared by all instances. Empty: no copies.
          checkpoints: ''
          # Minutes between two copies of a store.
          checkpoint_minutes: 15

        model:
          # The base language model, a GGUF file; Ops/demo fetches it to this place.
          path: ~/.cache/notestream/SmolLM2-135M-Instruct.Q4_1.gguf
          # Threads that read notes, one note each. 0: as many as there are cores.
          threads: 0

        window:
          # How far back clicks count, in event time. The topics `cooccurrence` and `activity` must keep twice as long.
          days: 7
          # Clicks leave the window in steps of this size; the window must be a whole number of them.
          bucket_hours: 24
          # The newest clicks kept of each user; bounds what one user can cost and weigh.
          cap: 64
          # A user without a click for this long (in event time) has their pairs brought up to date.
          idle_minutes: 30

        recommend:
          # Related notes in a list.
          list_size: 20
          # Candidates taken from each source (vectors, words, clicks) before ranking.
          candidates: 100
          # How long changes of a list are gathered before it is sent again.
          coalesce_ms: 1000
          # 0 ranks by score alone; up to 1 trades score for notes unlike those above (maximal marginal relevance).
          diversity: 0
          # Notes of each kind (newest, last touched, busiest) in each record of the topic `trending`.
          trending_size: 50

        pipeline:
          # Records handled in one batch at most; `profile` takes four a thread.
          batch_records: 500
          # A batch is committed when it is full or this old; `profile` never waits for more than 5. Below 10 the broker's transaction markers set the pace.
          commit_interval_ms: 50
          # Due timers (users gone idle, buckets gone by) run between two batches at most.
          timer_slice: 1000

        retrain:
          # Whether 'run' trains new model versions too, at low priority; of several instances the one whose session stage
          # owns partition 0 of `clicks`. 'notestream retrain' does so as a process.
          enabled: false
          # Minutes between two trainings at least, whichever process did the last.
          interval_minutes: 1440
          # Clicks that must have come since the last training for another one to begin.
          minimum_clicks: 1000
          # Notes that must have come as well.
          minimum_notes: 0
          # Optimiser steps. 0: 600 in quick mode, 100 in deep mode.
          steps: 0
          # quick trains the embedding's projection and the heads, in seconds; deep also adapts the language model's layers,
          # in half an hour and more, after which every note is read again.
          mode: quick
          # How far back clicks are read, in days of event time. 0: all that the topic `clicks` retains.
          horizon_days: 0
          # How long after a promotion, and at least until its swap is done, the version before it is kept up to date, so that
          # going back is quick.
          rollback_minutes: 60

        http:
          # Where 'run' answers health checks, metrics and look-ups of notes. Empty: nowhere. Several instances on one machine
          # need a port each; port 0 is any free one, which the log tells.
          listen: 127.0.0.1:8080
          # A file that holds the token which clients send as 'Authorization: Bearer'. Needed to listen beyond this machine;
          # /healthz and /readyz are answered without it.
          token_file: ''
          # A PEM file of a certificate, with those between it and the root: HTTPS in place of HTTP. Read at start.
          certificate: ''
          # A PEM file of the certificate's private key.
          key: ''
          # In a fleet, this instance's URL as others reach it, such as http://10.0.0.5:8080: whoever asks an instance for
          # what another one keeps is sent there. It travels through Kafka, as client.id. Empty: nobody is sent here.
          advertise: ''
          # Connections at a time. Each takes a file descriptor: fewer are let in where ulimit -n leaves no room for them.
          connections: 12000
          # How many of them may be streams of events; a stream beyond is refused.
          streams: 10000

        log:
          # debug, info, warning or error.
          level: info
        """
}
