import CoOccurrence
import EventLog
import Foundation
import NoteLLM
import Pipeline
import Schemas
import StateStore
import Support
import Testing

/// A recommend stage over a real store, driven batch by batch as its session would, but without Kafka.
final class RecommendHarness {
    /// What becomes of a batch.
    enum Outcome: CaseIterable {
        case committed
        /// The transaction fails: outputs and changes are gone, the records come again.
        case aborted
        /// The transaction is committed, the store not written: the records come again, silently.
        case crashed
    }

    let model: SmallModel
    let models: ChosenModels
    let topics: Topics
    let configuration: RecommendStage.Configuration
    private let folder: TemporaryFolder
    private var stores = 0
    private(set) var store: Store
    private(set) var stage: RecommendStage
    /// Partitions owned.
    private(set) var owned: Set<Int32> = []
    /// All committed outputs, in order.
    private(set) var outputs: [OutgoingRecord] = []
    /// All committed inputs, in order.
    private var globals: [Record] = []
    private var pairs: [Record] = []
    private var offset: Int64 = 0

    init(listSize: Int = 3, partitions: Int32 = 2, weights: [String: Double] = [:]) throws {
        var model = try SmallModel()
        if !weights.isEmpty { model = SmallModel(version: try model.version.with(listWeights: ["related": weights])) }
        self.model = model
        models = ChosenModels(ModelChoice(target: model.version))
        topics = try PipelineTests.topics(partitions: partitions)
        configuration = RecommendStage.Configuration(
            window: try WindowSettings(windowBuckets: 2), partitions: partitions, listSize: listSize, candidates: 60,
            diversity: 0, trendingSize: 2, coalesce: .zero)
        folder = try TemporaryFolder()
        store = try Store(path: folder.path + "/store0", families: RecommendStage.families)
        let models = models
        stage = try RecommendStage(
            store: store, choice: { models.choice }, configuration: configuration,
            logger: Logger(label: "test", level: .error))
    }

    func open() throws {
        let models = models
        stage = try RecommendStage(
            store: store, choice: { models.choice }, configuration: configuration,
            logger: Logger(label: "test", level: .error))
        owned = []
    }

    // MARK: - Records

    private func record(_ topic: TopicNameText, key: [UInt8]?, value: [UInt8]?) -> Record {
        offset += 1
        return OutgoingRecord(topic: topic.rawValue, key: key, value: value)
            .read(at: offset, partitions: configuration.partitions)
    }

    enum TopicNameText: String {
        case profiles = "note-profiles"
        case activity
        case pairs = "cooccurrence"
    }

    func profile(
        _ id: String, _ content: String, category: String = "", time: Int64 = newYear,
        created: Int64 = newYear, under version: ModelVersion? = nil
    ) throws -> Record {
        let text = NoteText(title: "", content: content)
        let version = version ?? model.version
        let made = version.profile(pooled: SmallModel.state(of: text), text: text)
        let profile = NoteProfile(
            note: id, version: version.id, contentHash: ContentHash(text).hex,
            created: Timestamp(milliseconds: created), time: Timestamp(milliseconds: time), content: content,
            authorCategory: category, embedding: made.embedding)
        return record(
            .profiles, key: ProfileKey(note: bytes(id), version: bytes(version.id)).bytes,
            value: try profile.encode(as: .json))
    }

    func deletion(_ id: String, under version: ModelVersion? = nil) -> Record {
        let version = version ?? model.version
        return record(.profiles, key: ProfileKey(note: bytes(id), version: bytes(version.id)).bytes, value: nil)
    }

    /// What the profile stage says in each partition of note-profiles once all notes are profiled.
    func markers(of version: ModelVersion, holds: Bool = true) throws -> [Record] {
        try (0..<configuration.partitions).flatMap { notes in
            try (0..<configuration.partitions).map { place in
                offset += 1
                let marker = ProfileMarker(version: version.id, partition: notes)
                return Record(
                    topicPartition: TopicPartition("note-profiles", place), offset: offset, timestamp: nil,
                    key: ProfileMarkerKey(version: bytes(version.id), partition: notes).bytes,
                    value: holds ? try marker.encode(as: .json) : nil)
            }
        }
    }

    func pair(_ source: String, _ target: String, _ share: Double = 1, users: Int32 = 1, time: Int64 = newYear) throws
        -> Record
    {
        let delta = PairDelta(
            source: source, bucket: configuration.window.bucket(of: time),
            targets: [TargetDelta(note: target, delta: Int64(share * Double(PairScore.one)), users: users)],
            time: Timestamp(milliseconds: time))
        return record(.pairs, key: bytes(source), value: try delta.encode(as: .json))
    }

    func clicks(_ note: String, _ count: Int64, time: Int64) throws -> Record {
        let delta = ActivityDelta(note: note, hour: time / hour, delta: count, time: Timestamp(milliseconds: time))
        return record(.activity, key: bytes(note), value: try delta.encode(as: .json))
    }

    /// Stream time of every cooccurrence partition.
    func announcements(_ time: Int64) throws -> [Record] {
        try (0..<configuration.partitions).map { partition in
            offset += 1
            return Record(
                topicPartition: TopicPartition("cooccurrence", partition), offset: offset, timestamp: nil, key: nil,
                value: try PairDelta(time: Timestamp(milliseconds: time)).encode(as: .json))
        }
    }

    // MARK: - Batches

    /// Takes partitions over as a session does: what was said is read, then the stage told.
    func assign(_ partitions: some Collection<Int32>) throws {
        let batch = makeBatch()
        for output in outputs where output.topic == "note-recommendations" {
            let record = output.read(at: 0, partitions: configuration.partitions)
            if partitions.contains(record.partition) { try stage.restoreOwnOutput(record, in: batch) }
        }
        for partition in partitions.sorted() { try stage.assigned(partition, mark: "", in: batch) }
        try batch.changes.commit()
        owned.formUnion(partitions)
    }

    func revoke(_ partition: Int32) {
        owned.remove(partition)
        stage.revoked(partition)
    }

    /// Forgets partitions as a session does whose store is of no use.
    func wipe(_ partitions: some Collection<Int32>) throws {
        let batch = makeBatch()
        for partition in partitions { try stage.wipe(partition, in: batch) }
        try batch.changes.commit()
    }

    private func makeBatch(isLive: Bool = true) -> StageBatch {
        let batch = StageBatch(changes: store.makeBatch(), topics: topics)
        if isLive { batch.livePartitions = owned }
        return batch
    }

    private func apply(_ records: [Record], in batch: StageBatch) throws {
        for record in records {
            guard record.topic == "cooccurrence" else {
                try stage.processGlobal(record, in: batch)
                continue
            }
            // Another instance reads what is not owned; it has the same rows.
            try stage.process(stage.decode(record), of: record.partition, in: batch)
        }
    }

    /// One batch; answers what it sent.
    @discardableResult
    func feed(_ records: [Record], _ outcome: Outcome = .committed, isLive: Bool = true) throws -> [OutgoingRecord] {
        let batch = makeBatch(isLive: isLive)
        try apply(records, in: batch)
        try stage.finish(batch)
        switch outcome {
        case .committed:
            outputs += batch.outputs
            try batch.changes.commit()
            return batch.outputs
        case .aborted:
            batch.changes.discard()
            try comeBack()
            return try feed(records)
        case .crashed:
            outputs += batch.outputs
            batch.changes.discard()
            let partitions = owned
            for partition in owned { revoke(partition) }
            try stage.reload()
            let again = makeBatch(isLive: false)
            try apply(records.filter { $0.topic != "cooccurrence" }, in: again)
            try again.changes.commit()
            try assign(partitions)
            let silent = makeBatch(isLive: false)
            silent.isSilent = true
            try apply(records.filter { $0.topic == "cooccurrence" }, in: silent)
            try silent.changes.commit()
            return batch.outputs
        }
    }

    /// A new session over the same store.
    func comeBack() throws {
        let partitions = owned
        for partition in owned { revoke(partition) }
        try stage.reload()
        try assign(partitions)
    }

    /// A new process over the same store.
    func restart() throws {
        let partitions = owned
        try open()
        try assign(partitions)
    }

    /// Batches without records until nothing waits; answers what was sent.
    @discardableResult
    func drain() throws -> [OutgoingRecord] {
        var sent: [OutgoingRecord] = []
        for _ in 0..<1_000 {
            sent += try feed([])
            if stage.backlog == 0 { return sent }
        }
        Issue.record("the stage has \(stage.backlog) lists left and sends none")
        return sent
    }

    // MARK: - What came out

    /// The compacted output topic.
    var lists: [String: RecommendationList] {
        get throws {
            var lists: [String: RecommendationList] = [:]
            for output in outputs where output.topic == "note-recommendations" {
                lists[text(output.key)] = try output.value.map { try RecommendationList(json: $0) }
            }
            return lists
        }
    }

    var trending: [String: Trending] {
        get throws {
            var records: [String: Trending] = [:]
            for output in outputs where output.topic == "trending" {
                records[text(output.key)] = try output.value.map { try Trending(json: $0) }
            }
            return records
        }
    }

    /// Every living note's list, made from the present state by comparing with all others.
    func exactLists() throws -> [String: [String]] {
        var lists: [String: [String]] = [:]
        try stage.notes.forEach { label, note in
            lists[text(note.id)] = try stage.related(to: label, in: store, exact: true).items.map { text($0.note) }
        }
        return lists
    }
}

extension SmallModel {
    init(version: ModelVersion) { self.version = version }
}

extension [OutgoingRecord] {
    /// Keys of the records of one topic, tombstones marked by a dagger.
    func keys(_ topic: String = "note-recommendations") -> [String] {
        filter { $0.topic == topic }.map { text($0.key) + ($0.value == nil ? "†" : "") }
    }
}
