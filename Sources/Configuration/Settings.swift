/// Everything that can be set. What each setting means, and its default, is said once: in `Settings.example`.
public struct Settings: Decodable, Equatable, Sendable {
    /// The event log.
    public var kafka: Kafka
    /// Local state.
    public var state: State
    /// The language model.
    public var model: Model
    /// The window that co-occurrence and activity are counted in.
    public var window: Window
    /// Lists of related notes.
    public var recommend: Recommend
    /// The batch and transaction loop.
    public var pipeline: Pipeline
    /// Training of new model versions.
    public var retrain: Retrain
    /// The HTTP server of `run`.
    public var http: HTTP
    /// Log lines on standard error.
    public var log: Log

    /// The event log.
    public struct Kafka: Decodable, Equatable, Sendable {
        /// `host:port`, several with commas between.
        public var bootstrapServers: String
        /// Put before every topic's name.
        public var topicPrefix: String
        /// Put before every consumer group's and transaction's name.
        public var groupPrefix: String
        /// Settings passed to librdkafka as they are.
        public var client: [String: String]
        /// Settings of librdkafka that must not be seen, such as `sasl.password`, by name.
        public var secrets: [String: Secret]

        /// A topic's name on the broker.
        public func topic(_ name: TopicName) -> String { topicPrefix + name.rawValue }
    }

    /// Local state.
    public struct State: Decodable, Equatable, Sendable {
        /// The folder that holds the stores; a leading `~/` stands for the home folder.
        public var directory: String
        /// Names this instance among those of its consumer groups; empty: made once and kept in the folder.
        public var instance: String
        /// The folder that copies of the stores are put into; empty: none are made. A leading `~/` is the home folder.
        public var checkpoints: String
        /// Minutes between two copies of a store.
        public var checkpointMinutes: Int
    }

    /// The language model.
    public struct Model: Decodable, Equatable, Sendable {
        /// The base model's GGUF file; a leading `~/` stands for the home folder.
        public var path: String
        /// Threads that read notes, one note each; 0: as many as there are cores.
        public var threads: Int
    }

    /// The window that co-occurrence and activity are counted in.
    public struct Window: Decodable, Equatable, Sendable {
        /// How far back clicks count, in days of event time.
        public var days: Int
        /// The step in which clicks leave the window, in hours; it divides the window.
        public var bucketHours: Int
        /// The newest clicks of a user that are kept.
        public var cap: Int
        /// How long a user rests before their pairs are settled, in minutes of event time.
        public var idleMinutes: Int

        /// A bucket's length in milliseconds.
        public var bucketMilliseconds: Int64 { Int64(bucketHours) * 3_600_000 }
        /// The window's length in buckets.
        public var buckets: Int { days * 24 / bucketHours }
        /// `idleMinutes` in milliseconds.
        public var idleMilliseconds: Int64 { Int64(idleMinutes) * 60_000 }
    }

    /// Lists of related notes.
    public struct Recommend: Decodable, Equatable, Sendable {
        /// Related notes in a list.
        public var listSize: Int
        /// Candidates taken from each source before ranking.
        public var candidates: Int
        /// How long changes of a list are gathered, in milliseconds.
        public var coalesceMs: Int
        /// From 0 (by score alone) to 1 (as unlike each other as possible).
        public var diversity: Double
        /// Notes in each record of the topic `trending`.
        public var trendingSize: Int
    }

    /// The batch and transaction loop.
    public struct Pipeline: Decodable, Equatable, Sendable {
        /// Records handled in one batch at most.
        public var batchRecords: Int
        /// How old a batch grows before it is committed, in milliseconds.
        public var commitIntervalMs: Int
        /// Due timers run between two batches at most.
        public var timerSlice: Int
    }

    /// Training of new model versions.
    public struct Retrain: Decodable, Equatable, Sendable {
        /// Whether `run` trains too; `notestream retrain` does in any case.
        public var enabled: Bool
        /// Minutes between two trainings at least.
        public var intervalMinutes: Int
        /// New clicks since the last training that are needed for another.
        public var minimumClicks: Int
        /// New notes since the last training that are needed for another.
        public var minimumNotes: Int
        /// Optimiser steps; 0: as many as the mode takes.
        public var steps: Int
        /// What is trained.
        public var mode: Mode
        /// How far back clicks are read, in days of event time; 0: all that is retained.
        public var horizonDays: Int
        /// How long the version that served before is kept at hand after a swap, in minutes.
        public var rollbackMinutes: Int

        /// What is trained.
        public enum Mode: String, Decodable, CaseIterable, Sendable {
            /// The projection and the heads, on states that are read once.
            case quick
            /// The language model's upper layers too, by low-rank adapters.
            case deep
        }
    }

    /// The HTTP server of `run`.
    public struct HTTP: Decodable, Equatable, Sendable {
        /// Where it listens, `HOST:PORT`; empty: there is none.
        public var listen: String
        /// The file that holds the bearer token; empty: none is asked for.
        public var tokenFile: String

        /// The PEM file of the server's certificate, with those between it and the root; empty: no TLS.
        public var certificate: String
        /// The PEM file of the certificate's private key.
        public var key: String
        /// This instance's URL as the others' clients reach it; empty: nobody is sent here.
        public var advertise: String
        /// Connections open at a time, at most.
        public var connections: Int
        /// Of these, event streams, at most.
        public var streams: Int

        /// `listen`, read; nil where it is empty.
        public var address: ListenAddress? { ListenAddress(listen) }
    }

    /// Log lines on standard error.
    public struct Log: Decodable, Equatable, Sendable {
        /// The least important lines that are written.
        public var level: Level

        /// From the most to the fewest lines.
        public enum Level: String, Decodable, CaseIterable, Sendable {
            case debug, info, warning, error
        }
    }
}
