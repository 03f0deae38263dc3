import CoOccurrence
import Configuration
import EventLog
import LexicalIndex
import NoteLLM
import Ranking
import Schemas
import StateStore
import VectorIndex

/// Profiles, activity and pair scores in; each note's list of related notes, and what is trending, out.
///
/// Profiles and activity are global tables: every instance holds them all, and so can rank any note for any other. Pair
/// rows and lists are kept for the owned partitions alone.
package final class RecommendStage: StreamStage {
    package static let name = "recommend"
    package static let inputTopic = TopicName.cooccurrence
    package static let globalTopics = [TopicName.noteProfiles, .activity]
    package static let ownOutputTopic: TopicName? = .noteRecommendations
    package static let families =
        [clock, servingVersion, nextVersion] + Profiles.families + Generation.families + EmittedLists.families
        + PairRows.families
        + ActivityTable.families

    /// Nothing → the newest event time seen.
    private static let clock = ColumnFamily("recommend-clock")

    /// What the stage is set up with.
    package struct Configuration: Sendable {
        /// Window of the pair rows and of activity.
        package var window: WindowSettings
        /// Partitions of cooccurrence and note-recommendations.
        package var partitions: Int32
        /// Notes in a list.
        package var listSize: Int
        /// Candidates taken from each source.
        package var candidates: Int
        /// Weight of diversity in a list, 0 (none) to 1.
        package var diversity: Double
        /// Notes in a trending record.
        package var trendingSize: Int
        /// How long changes of a list are gathered before it is sent again.
        package var coalesce: Duration

        /// A configuration.
        package init(
            window: WindowSettings, partitions: Int32, listSize: Int, candidates: Int, diversity: Double,
            trendingSize: Int, coalesce: Duration
        ) {
            self.window = window
            self.partitions = partitions
            self.listSize = listSize
            self.candidates = candidates
            self.diversity = diversity
            self.trendingSize = trendingSize
            self.coalesce = coalesce
        }
    }

    let store: Store
    let latestChoice: @Sendable () -> ModelChoice
    let configuration: Configuration
    let logger: Logger
    /// What lists are made from.
    package internal(set) var serving: Generation
    /// The chosen version's, while its profiles come in.
    var next: Generation?
    /// The version that `next` is of, or will be once it is opened.
    var preparing: String?
    /// Notes whose profile is not yet in the next generation's indexes.
    var unindexed = NoteQueue()
    /// The newest event time seen in any profile or delta: what lists and trending are stamped with.
    private(set) var latestTime: Int64 = 0
    /// Owned notes whose first list, or tombstone, goes out with this batch.
    var urgent = NoteQueue()
    /// Owned notes whose list may have changed since it was sent.
    var changed = NoteQueue()
    /// Notes whose arrival, or edit, has not been answered by a list yet.
    var origins: [[UInt8]: Origin] = [:]
    var listsSent = 0
    var recall = RecallSamples()
    var trending = TrendingBoard()
    private(set) var owned: Set<Int32> = []
    private var flushed = ContinuousClock.now

    var version: ModelVersion { serving.version }
    var vectors: VectorIndex { serving.vectors }
    var lexicon: LexicalIndex { serving.lexicon }
    package var notes: NoteTable { serving.notes }

    /// Opens the stage's tables over its store.
    /// - Parameter choice: the model versions that count, asked for between two batches.
    package init(
        store: Store, choice: @escaping @Sendable () -> ModelChoice, configuration: Configuration, logger: Logger
    ) throws {
        self.store = store
        self.configuration = configuration
        self.logger = logger
        latestChoice = choice
        serving = try Self.servingGeneration(choice(), store)
        preparing = try Self.version(Self.nextVersion, store)
        try loadClock()
        try fillTrending(store)
    }

    package func reload() throws {
        next = nil
        unindexed.removeAll()
        serving = try Self.servingGeneration(latestChoice(), store)
        preparing = try Self.version(Self.nextVersion, store)
        try loadClock()
        try fillTrending(store)
        urgent.removeAll()
        changed.removeAll()
        origins.removeAll()
        owned.removeAll()
    }

    // MARK: - Own partitions

    package func decode(_ record: Record) throws(SchemaError) -> IncomingPairDelta {
        try IncomingPairDelta.decode(key: record.key, value: record.value, contentType: record.contentType)
    }

    package func process(_ delta: IncomingPairDelta, of partition: Int32, in batch: StageBatch) throws {
        let rows = pairRows(partition)
        let streamTime = delta.streamTime
        try noteTime(streamTime, in: batch)
        for source in try rows.advance(to: streamTime, in: batch.changes) {
            try markChanged(source, partition, in: batch)
        }
        guard case .pairs(let source, let bucket, let targets, _) = delta else { return }
        _ = try rows.apply(
            source: source, bucket: bucket,
            targets: targets.map { ($0.note, PairSum(score: $0.score, users: Int64($0.users))) },
            in: batch.changes)
        try markChanged(source, partition, in: batch)
    }

    func pairRows(_ partition: Int32) -> PairRows { PairRows(partition: partition, settings: configuration.window) }

    package func assigned(_ partition: Int32, mark: String, in batch: StageBatch) throws {
        try finishSwapIfComplete(in: batch)
        owned.insert(partition)
        try reconcile(partition, in: batch)
        trending.markAll()
    }

    package func revoked(_ partition: Int32) {
        owned.remove(partition)
        changed.removeAll { self.partition(of: $0) == partition }
        urgent.removeAll { self.partition(of: $0) == partition }
    }

    package func wipe(_ partition: Int32, in batch: StageBatch) throws {
        try pairRows(partition).wipe(in: batch.changes)
        try EmittedLists.wipe(partition, in: batch.changes)
    }

    /// The partition of note-recommendations, and of cooccurrence, that a note belongs to.
    package func partition(of note: [UInt8]) -> Int32 {
        Partitioner.partition(for: note, count: configuration.partitions)
    }

    func owns(_ partition: Int32) -> Bool { owned.contains(partition) }

    // MARK: - Time

    /// Moves the newest event time on, never back.
    func noteTime(_ time: Int64, in batch: StageBatch) throws {
        guard time > latestTime else { return }
        latestTime = time
        try batch.changes.put(Self.clock, [], time.littleEndianBytes)
    }

    func resetTime(in batch: StageBatch) throws {
        latestTime = 0
        try batch.changes.delete(Self.clock, [])
    }

    private func loadClock() throws {
        let bytes = try store.get(Self.clock, []) ?? []
        latestTime = bytes.count == 8 ? Int64(littleEndianBytes: bytes[...]) : 0
    }

    // MARK: - The end of a batch

    package func finish(_ batch: StageBatch) throws {
        try sendUrgent(batch)
        try goOnSwapping(.milliseconds(20), in: batch)
        let now = ContinuousClock.now
        guard now - flushed >= configuration.coalesce else { return }
        let isDone = try sendChanged(batch)
        try sendTrending(batch)
        if isDone { flushed = now }
    }

    package var backlog: Int { urgent.count + changed.count + trending.changed.count + unindexed.count }
}

extension IncomingPairDelta {
    fileprivate var streamTime: Int64 {
        switch self {
        case .pairs(_, _, _, let streamTime), .announcement(let streamTime): streamTime
        }
    }
}
