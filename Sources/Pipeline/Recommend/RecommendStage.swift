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
        [profiles, labels, clock] + EmittedLists.families + PairRows.families + ActivityTable.families
        + VectorIndex.families + LexicalIndex.families

    /// (note, model version) → the profile as it came, as protobuf.
    static let profiles = ColumnFamily("profiles")
    /// (model version, note) → its label in that version's indexes.
    static let labels = ColumnFamily("labels")
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
    let version: ModelVersion
    let configuration: Configuration
    let logger: Logger
    let vectors: VectorIndex
    let lexicon: LexicalIndex
    package internal(set) var notes = NoteTable()
    /// The newest event time seen in any profile or delta: what lists and trending are stamped with.
    private(set) var latestTime: Int64 = 0
    /// Owned notes whose first list, or tombstone, goes out with this batch.
    var urgent = NoteQueue()
    /// Owned notes whose list may have changed since it was sent.
    var changed = NoteQueue()
    var trending = TrendingBoard()
    private var owned: Set<Int32> = []
    private var flushed = ContinuousClock.now

    /// Opens the stage's tables over its store, under one model version.
    package init(store: Store, version: ModelVersion, configuration: Configuration, logger: Logger) throws {
        self.store = store
        self.version = version
        self.configuration = configuration
        self.logger = logger
        let namespace = Array(version.id.utf8)
        vectors = try VectorIndex(
            store: store, namespace: namespace, parameters: VectorIndexParameters(dimension: version.dimension))
        lexicon = try LexicalIndex(store: store, namespace: namespace)
        try loadClock()
        try loadNotes()
    }

    package func reload() throws {
        try vectors.reload()
        try lexicon.reload()
        try loadClock()
        try loadNotes()
        urgent.removeAll()
        changed.removeAll()
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
        _ = try rows.apply(source: source, bucket: bucket, targets: targets, in: batch.changes)
        try markChanged(source, partition, in: batch)
    }

    func pairRows(_ partition: Int32) -> PairRows { PairRows(partition: partition, settings: configuration.window) }

    package func assigned(_ partition: Int32, in batch: StageBatch) throws {
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
        let now = ContinuousClock.now
        guard now - flushed >= configuration.coalesce else { return }
        let isDone = try sendChanged(batch)
        try sendTrending(batch)
        if isDone { flushed = now }
    }

    package var backlog: Int { urgent.count + changed.count + trending.changed.count }
}

extension IncomingPairDelta {
    fileprivate var streamTime: Int64 {
        switch self {
        case .pairs(_, _, _, let streamTime), .announcement(let streamTime): streamTime
        }
    }
}
