// Generated from Topics/topics.yaml by Topics/generate. Do not edit: change that file and run it again.

enum EmbeddedTopics {
    /// Topics/topics.yaml, so that the binary runs where that file is not.
    static let text = #"""
        # The topics of notestream: what `notestream topics apply` creates and `notestream topics check` compares.
        #
        # Brokers delete by the *record's* timestamp, never by the event time in the payload: what is written here counts from
        # when a record was written. `kafka.topic_prefix` of the configuration is put before each name.
        #
        #   partitions   how many; fixed once a topic holds data (a replay into new topics changes it).
        #   cleanup      compact: the last record of each key is kept, whatever its age.
        #                delete: records go after `retention`.
        #   retention    with `delete`: a number and ms, s, m, h or d, or `forever`.
        #   tombstones   with `compact`: how long a deletion stays readable. A store that was not written for half of that time
        #                may have missed one and is rebuilt.
        #   config       further settings of Apache Kafka, passed on unchanged.

        # Copies of each partition: 1 runs on one machine, 3 is usual on a cluster.
        replication: 1

        topics:
          # Notes as posted and edited; key: note id. Never deleted by time: re-embedding reads every live note from here.
          notes:
            partitions: 4
            cleanup: compact
            tombstones: 7d

          # Clicks; key: user id. Retraining reads all that is kept; the window alone needs twice its length.
          clicks:
            partitions: 4
            cleanup: delete
            retention: 90d

          # Embeddings, categories and hashtags; key: note id and model version, partitioned by note id.
          note-profiles:
            partitions: 4
            cleanup: compact
            tombstones: 7d

          # Changes of pair scores; key: source note id. Two windows of 7 days rebuild a store; one day to spare.
          # As many partitions as note-recommendations: an instance owns a note's pairs and its list together.
          cooccurrence:
            partitions: 4
            cleanup: delete
            retention: 15d

          # Changes of clicks per note and hour; key: note id. Kept as long as cooccurrence.
          activity:
            partitions: 4
            cleanup: delete
            retention: 15d

          # Related notes; key: note id.
          note-recommendations:
            partitions: 4
            cleanup: compact
            tombstones: 7d

          # The newest and most active notes; key: category. One partition, written by whoever owns it.
          trending:
            partitions: 1
            cleanup: compact
            tombstones: 7d

          # Model versions in chunks of 512 KiB; one partition, so that a manifest stands after its chunks.
          model-updates:
            partitions: 1
            cleanup: compact
            tombstones: 7d
            config:
              max.message.bytes: 1048576

          # Records that no stage could read, with reason, stage and origin in their headers; key: the original's.
          # 16 MiB: whatever an input topic let through must fit here too, headers included.
          dead-letters:
            partitions: 4
            cleanup: delete
            retention: 30d
            config:
              max.message.bytes: 16777216

        """#
}
