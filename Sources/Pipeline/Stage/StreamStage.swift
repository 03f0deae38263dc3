import Configuration
import EventLog
import Schemas
import StateStore

/// A stage: (records, state) → (store changes, output records), where a read sees the batch's own earlier changes.
///
/// A stage owns its input partitions, its store and nothing else. It is driven by a ``StageRunner`` on one thread, never
/// touches Kafka itself and never reads the wall clock for anything its state depends on.
package protocol StreamStage: AnyObject, SendableMetatype {
    /// A decoded input record.
    associatedtype Input

    /// The stage's name, as in `--stages`; its consumer group and store are named by it.
    static var name: String { get }
    /// The topic whose partitions the consumer group shares out,
    static var inputTopic: TopicName { get }
    /// Topics that every instance reads whole.
    static var globalTopics: [TopicName] { get }
    /// The topic, partitioned like the input, that holds what this stage last said of each key; read up to its end
    /// before anything is emitted for a partition.
    static var ownOutputTopic: TopicName? { get }
    /// What the stage keeps in its store.
    static var families: [ColumnFamily] { get }

    /// What a partition's outputs depend on beside the log, such as the model version. It rides in each commit, and the
    /// partition's next owner is told it.
    func mark(of partition: Int32) -> String

    /// Reads one input record. Pure; an error sends the record to the dead letters.
    func decode(_ record: Record) throws(SchemaError) -> Input
    /// Runs at most `limit` of the timers that `input` makes due.
    func runTimers(before input: Input, of partition: Int32, limit: Int, in batch: StageBatch) throws -> TimerProgress
    /// Applies one record, whose timers have all been run.
    func process(_ input: Input, of partition: Int32, in batch: StageBatch) throws
    /// Applies one record of a global topic.
    func processGlobal(_ record: Record, in batch: StageBatch) throws
    /// Ends a batch: what was combined over its records is sent, and lists that are due.
    func finish(_ batch: StageBatch) throws

    /// Takes note of what this stage itself said last, one record of ``ownOutputTopic``.
    func restoreOwnOutput(_ record: Record, in batch: StageBatch) throws
    /// A partition is now owned, its global tables and own outputs read to their ends.
    /// - Parameter mark: what was committed beside its position; empty where nothing was.
    func assigned(_ partition: Int32, mark: String, in batch: StageBatch) throws
    /// A partition is no longer owned.
    func revoked(_ partition: Int32)
    /// Forgets the state of one partition.
    func wipe(_ partition: Int32, in batch: StageBatch) throws
    /// Forgets the state of the global tables.
    func wipeGlobals(in batch: StageBatch) throws
    /// Brings what is kept in memory back to what the store holds, after a batch was discarded.
    func reload() throws
    /// Work that waits for a later batch (lists to send), for those who wait until all is said.
    var backlog: Int { get }
    /// What the stage counts of itself, for the metrics; asked for about once a second.
    func figures() -> [StageFigure]
}

extension StreamStage {
    package static var globalTopics: [TopicName] { [] }
    package static var ownOutputTopic: TopicName? { nil }
    package func mark(of partition: Int32) -> String { "" }
    package func runTimers(
        before input: Input, of partition: Int32, limit: Int, in batch: StageBatch
    ) throws -> TimerProgress {
        TimerProgress(run: 0, isFinished: true)
    }
    package func processGlobal(_ record: Record, in batch: StageBatch) throws {}
    package func restoreOwnOutput(_ record: Record, in batch: StageBatch) throws {}
    package func assigned(_ partition: Int32, mark: String, in batch: StageBatch) throws {}
    package func revoked(_ partition: Int32) {}
    package func wipe(_ partition: Int32, in batch: StageBatch) throws {}
    package func wipeGlobals(in batch: StageBatch) throws {}
    package func reload() throws {}
    package var backlog: Int { 0 }
    package func figures() -> [StageFigure] { [] }
}

/// How far the timers before a record have come.
package struct TimerProgress: Sendable, Equatable {
    /// Timers run by this call; they count toward the position.
    package var run: Int
    /// Whether none is left that the record makes due.
    package var isFinished: Bool

    /// Says how far.
    package init(run: Int, isFinished: Bool) {
        self.run = run
        self.isFinished = isFinished
    }
}

/// What one batch changes and sends. Both become true together, Kafka first: see ``StageRunner``.
package final class StageBatch {
    /// Changes to the store, read through by everything in the batch.
    package let changes: Batch
    /// Set while a record is replayed: its changes count, its outputs were sent long ago.
    package var isSilent = false
    /// Partitions for which lists may be sent: owned, and with their replay behind them.
    package var livePartitions: Set<Int32> = []
    /// Owned partitions whose position is committed with the batch though no record of theirs is in it, since their mark
    /// has changed.
    package private(set) var marked: Set<Int32> = []
    /// Records to send, in order.
    package private(set) var outputs: [OutgoingRecord] = []
    /// When the notes arrived whose lists this batch sends, in milliseconds since 1970.
    package private(set) var answered: [Int64] = []
    /// Topics, for what depends on partition counts.
    package let topics: Topics

    package init(changes: Batch, topics: Topics) {
        self.changes = changes
        self.topics = topics
    }

    /// Commits a partition's position anew, for its mark's sake.
    package func commitMark(of partition: Int32) { marked.insert(partition) }

    /// Takes note that the batch sends the list of a note that arrived at this time.
    package func noteAnswer(toArrivalAt milliseconds: Int64) { answered.append(milliseconds) }

    /// Sends a record with the batch; nothing while silent.
    /// - Parameters:
    ///   - partition: nil leaves it to the key, by Kafka's own murmur2.
    ///   - partitionKey: what decides the partition in the key's stead.
    ///   - value: nil is a tombstone.
    package func send(
        to topic: TopicName, partition: Int32? = nil, partitionKey: [UInt8]? = nil, key: [UInt8]?, value: [UInt8]?,
        headers: [Header] = []
    ) {
        guard !isSilent else { return }
        let partition =
            partition ?? partitionKey.map { Partitioner.partition(for: $0, count: topics.partitions(of: topic)) }
        outputs.append(
            OutgoingRecord(
                topic: topics.name(of: topic), partition: partition, key: key, value: value, headers: headers))
    }
}
