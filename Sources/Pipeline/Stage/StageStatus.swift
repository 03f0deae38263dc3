import EventLog
import Synchronization

/// What others may see of a running stage.
public final class StageStatus: Sendable {
    /// The figures, at one moment.
    public struct Snapshot: Sendable {
        /// Partitions owned.
        public var partitions: [Int32] = []
        /// Owned and replayed, global tables read: lists are being sent.
        public var isReady = false
        /// Input and global topics were read to their ends when last looked at, and nothing waits to be sent.
        public var isDrained = false
        /// Input records applied, replayed ones left out.
        public var records: Int64 = 0
        /// Records replayed silently.
        public var replayed: Int64 = 0
        /// Records sent to the dead letters, by the code of what is wrong.
        public var deadLettersByReason: [String: Int64] = [:]
        /// Records sent to the dead letters.
        public var deadLetters: Int64 { deadLettersByReason.values.reduce(0, +) }
        /// Output records committed.
        public var outputs: Int64 = 0
        /// Batches committed.
        public var batches: Int64 = 0
        /// Sessions with the broker that ended in an error.
        public var sessions: Int64 = 0
        /// Stores thrown away because they were damaged.
        public var damages: Int64 = 0
        /// Why each partition's recovery went as it did, counted.
        public var recoveries: [String: Int] = [:]
        /// Records not yet read, of each partition whose end is known.
        public var lag: [TopicPartition: Int64] = [:]
        /// Work that waits for a later batch.
        public var backlog = 0
        /// What the stage itself counts.
        package var figures: [StageFigure] = []
        /// Seconds that a batch took to be worked through, to be committed to Kafka, and to be written to the store.
        package var processing = Histogram.seconds
        package var committing = Histogram.seconds
        package var storing = Histogram.seconds
        /// Records in a batch, those of global topics included.
        package var batchRecords = Histogram.records
        /// Seconds from a note's record to the commit of the list it caused.
        package var freshness = Histogram.freshness
    }

    /// The stage's name.
    public let stage: String
    /// The latest of the values in `freshness`, as they were.
    package let recentFreshness = RecentValues()
    private let state = Mutex(Snapshot())

    init(stage: String) { self.stage = stage }

    /// The figures now.
    public var now: Snapshot { state.withLock { $0 } }

    func update(_ change: (inout sending Snapshot) -> Void) { state.withLock { change(&$0) } }
}

/// A number that a stage keeps of itself, for the metrics.
package struct StageFigure: Sendable, Equatable {
    package enum Kind: Sendable { case counter, gauge }

    /// In the words of Prometheus, without `notestream_`.
    package var name: String
    package var kind: Kind
    package var help: String
    package var value: Double
}

/// The values of the last minutes, with when they came.
package final class RecentValues: Sendable {
    private static let most = 4_096
    private let values = Mutex<[(at: ContinuousClock.Instant, value: Double)]>([])

    func add(_ new: [Double], at now: ContinuousClock.Instant = .now) {
        values.withLock { values in
            values.append(contentsOf: new.map { (now, $0) })
            if values.count > Self.most { values.removeFirst(values.count - Self.most) }
        }
    }

    /// Those not older than `age`, ascending; at most the newest 4,096.
    package func ascending(within age: Duration, at now: ContinuousClock.Instant = .now) -> [Double] {
        values.withLock { $0 }.filter { now - $0.at <= age }.map(\.value).sorted()
    }
}
