import EventLog
import NoteLLM
import Pipeline
import Schemas
import StateStore
import Support
import Synchronization

/// A profile stage that owns one partition, driven batch by batch as its session would, but without Kafka.
final class ProfileHarness {
    let models: ChosenModels
    private(set) var stage: ProfileStage
    private let folder: TemporaryFolder
    private var stores = 0
    private var store: Store
    private let topics: Topics
    private var offset: Int64 = 0
    /// What a commit last said of the partition.
    private(set) var mark = ""
    /// The compacted output topic.
    private(set) var profiles: [String: [UInt8]] = [:]
    /// Texts that were read by the model.
    let reads = ReadCounter()

    init(_ choice: ModelChoice) throws {
        models = ChosenModels(choice)
        folder = try TemporaryFolder()
        store = try Store(path: folder.path + "/store", families: ProfileStage.families)
        topics = try PipelineTests.topics()
        stage = try Self.makeStage(models, reads)
        try assign()
    }

    private static func makeStage(_ models: ChosenModels, _ reads: ReadCounter) throws -> ProfileStage {
        try ProfileStage(
            choice: { models.choice }, logger: Logger(label: "test", level: .error),
            reader: { CountingReader(model: SmallModel(version: $0), reads: reads) })
    }

    /// Takes the partition over, as whoever owns it next; with an empty store, what was noted is replayed silently.
    func moveAway(_ records: [Record] = [], losingStore: Bool) throws {
        if losingStore {
            stores += 1
            store = try Store(path: folder.path + "/store\(stores)", families: ProfileStage.families)
        }
        stage = try Self.makeStage(models, reads)
        try assign(isLive: !losingStore)
        guard losingStore else { return }
        let batch = StageBatch(changes: store.makeBatch(), topics: topics)
        batch.isSilent = true
        for record in records { try stage.process(stage.decode(record), of: 0, in: batch) }
        batch.isSilent = false
        try stage.finish(batch)
        try note(batch)
    }

    private func assign(isLive: Bool = true) throws {
        let batch = StageBatch(changes: store.makeBatch(), topics: topics)
        if isLive { batch.livePartitions = [0] }
        try stage.assigned(0, mark: mark, in: batch)
        try note(batch)
    }

    private func note(_ batch: StageBatch) throws {
        for output in batch.outputs where output.topic == "note-profiles" {
            profiles[text(output.key)] = output.value
        }
        mark = stage.mark(of: 0)
        try batch.changes.commit()
    }

    func note(_ id: String, _ content: String, hashtags: [String] = []) throws -> Record {
        offset += 1
        let note = Note(
            id: id, title: "T", content: content, hashtags: hashtags, time: Timestamp(milliseconds: newYear))
        return Record(
            topicPartition: TopicPartition("notes", 0), offset: offset, timestamp: newYear, key: bytes(id),
            value: try note.encode(as: .json))
    }

    func deletion(_ id: String) -> Record {
        Record(topicPartition: TopicPartition("notes", 0), offset: 0, timestamp: newYear, key: bytes(id), value: nil)
    }

    /// One batch; answers what it sent.
    @discardableResult
    func feed(_ records: [Record], isDiscarded: Bool = false) throws -> [OutgoingRecord] {
        let batch = StageBatch(changes: store.makeBatch(), topics: topics)
        batch.livePartitions = [0]
        for record in records { try stage.process(stage.decode(record), of: 0, in: batch) }
        try stage.finish(batch)
        guard !isDiscarded else {
            batch.changes.discard()
            try stage.reload()
            try assign()
            return batch.outputs
        }
        try note(batch)
        return batch.outputs
    }

    /// The notes that have a profile under a version, with what it says of them.
    func contents(_ version: ModelVersion) throws -> [String: String] {
        var contents: [String: String] = [:]
        for (key, value) in profiles {
            guard let key = try? ProfileKey(bytes(key)), text(key.version) == version.id else { continue }
            contents[text(key.note)] = try NoteProfile(json: value).content
        }
        return contents
    }

    /// Whether readers may rely on a version.
    func isMarked(_ version: ModelVersion) -> Bool { profiles["@\(version.id)/0"] != nil }
}

/// Counts what is read.
final class ReadCounter: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock { $0 } }
    func add(_ count: Int) { state.withLock { $0 += count } }
}

/// Reads by a small model.
struct CountingReader: NoteReading {
    let model: SmallModel
    let reads: ReadCounter

    func profiles(
        of notes: [(text: NoteText, pooled: [Float]?)]
    ) throws -> [(pooled: [Float], profile: ProfiledNote)] {
        reads.add(notes.count { $0.pooled == nil })
        return try model.profiles(of: notes)
    }
}
