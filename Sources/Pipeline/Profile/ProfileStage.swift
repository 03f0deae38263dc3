import Configuration
import EventLog
import NoteLLM
import Schemas
import StateStore

/// Notes in, profiles out: embedding, category and hashtags by a model version.
///
/// The stage keeps no statistics of the corpus, so its output is a function of (model version, note) alone. A new version
/// is taken up between two batches: new notes get profiles under it and under the previous one, and the notes that are
/// there already get theirs little by little (`ProfileStage+Swap.swift`).
package final class ProfileStage: StreamStage {
    package static let name = "profile"
    package static let inputTopic = TopicName.notes
    package static let families = LivingNotes.families + [takenBack]

    /// (partition, model version) → nothing: the version's profiles are taken back.
    static let takenBack = ColumnFamily("taken-back")

    let latestChoice: @Sendable () -> ModelChoice
    private let makeReader: @Sendable (ModelVersion) throws -> any NoteReading
    let logger: Logger
    var choice: ModelChoice
    private var readers: [String: any NoteReading] = [:]
    /// Owned partitions, and how far each is in its swap.
    var swaps: [Int32: PartitionSwap] = [:]
    private var waiting: [Int32: [ArrivedNote]] = [:]
    /// Notes whose pooled state was in the store, and those that had to be read.
    private var cacheHits = 0
    private var cacheMisses = 0

    /// - Parameters:
    ///   - choice: the model versions that count, asked for between two batches.
    ///   - reader: what reads notes as a version asks for.
    package init(
        choice: @escaping @Sendable () -> ModelChoice, logger: Logger,
        reader: @escaping @Sendable (ModelVersion) throws -> any NoteReading
    ) throws {
        latestChoice = choice
        makeReader = reader
        self.logger = logger
        self.choice = choice()
        try makeReaders()
    }

    /// One for each version that notes are profiled under.
    func makeReaders() throws {
        let old = readers
        readers = [:]
        for version in choice.kept { readers[version.id] = try old[version.id] ?? makeReader(version) }
    }

    package func mark(of partition: Int32) -> String { swaps[partition]?.mark ?? "" }

    package func decode(_ record: Record) throws(SchemaError) -> (note: IncomingNote, origin: Origin) {
        (try IncomingNote.decode(record), Origin(posted: record))
    }

    package func process(
        _ input: (note: IncomingNote, origin: Origin), of partition: Int32, in batch: StageBatch
    ) throws {
        switch input.note {
        case .tombstone(let note):
            try LivingNotes.forget(note, of: partition, in: batch.changes)
            waiting[partition]?.removeAll { $0.note.id == note }
            for version in choice.kept.map(\.id) + (swaps[partition]?.toTakeBack ?? []) {
                send(nil, note, version, in: batch)
            }
        case .upsert(let note):
            let hash = ContentHash(note)
            guard try LivingNotes.keep(note, hash, of: partition, in: batch.changes), !batch.isSilent else { return }
            waiting[partition, default: []].append(ArrivedNote(note: note, hash: hash, origin: input.origin))
        }
    }

    package func finish(_ batch: StageBatch) throws {
        let isIdle = waiting.isEmpty
        for (partition, notes) in waiting.sorted(by: { $0.key < $1.key }) {
            try profile(notes, of: partition, under: choice.kept, in: batch)
        }
        waiting.removeAll(keepingCapacity: true)
        try takeUpChoice(in: batch)
        try goOnSwapping(isIdle ? .milliseconds(200) : .milliseconds(50), in: batch)
    }

    package func assigned(_ partition: Int32, mark: String, in batch: StageBatch) throws {
        try beginSwap(of: partition, mark: mark, in: batch)
    }

    package func revoked(_ partition: Int32) {
        swaps[partition] = nil
        waiting[partition] = nil
    }

    package func wipe(_ partition: Int32, in batch: StageBatch) throws {
        try LivingNotes.wipe(partition, in: batch.changes)
        try batch.changes.wipe(Self.takenBack, prefix: KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes)
    }

    package func reload() throws {
        waiting.removeAll()
        swaps.removeAll()
    }

    package var backlog: Int { swaps.values.count { !$0.isDone } }

    package func figures() -> [StageFigure] {
        [
            StageFigure(
                name: "pooled_state_cache_hits_total", kind: .counter,
                help: "Notes whose state under the language model was known already.", value: Double(cacheHits)),
            StageFigure(
                name: "pooled_state_cache_misses_total", kind: .counter,
                help: "Notes that the language model had to read.", value: Double(cacheMisses)),
        ]
    }

    // MARK: - Making profiles

    /// Sends the profiles of some notes under some versions.
    func profile(
        _ notes: [ArrivedNote], of partition: Int32, under versions: [ModelVersion], in batch: StageBatch
    ) throws {
        guard !notes.isEmpty else { return }
        for version in versions {
            guard let reader = readers[version.id] else { continue }
            let states = try cachedStates(of: notes.map(\.note), partition, version, in: batch)
            let made = try reader.profiles(
                of: zip(notes, states).map { (text: NoteText($0.note), pooled: $1) })
            cacheHits += states.count { $0 != nil }
            cacheMisses += states.count { $0 == nil }
            for (index, arrived) in notes.enumerated() {
                let (pooled, profile) = made[index]
                let note = arrived.note
                if states[index] == nil {
                    try LivingNotes.keep(
                        pooledState: pooled, of: note, partition, reading: version.readingKey, in: batch.changes)
                }
                logger.debug(
                    "profiled",
                    [
                        "stage": Self.name, "note": String(decoding: note.id, as: UTF8.self), "version": version.id,
                        "record": arrived.origin?.record.map { "\($0.place)@\($0.offset)" } ?? "profiled anew",
                    ])
                send(
                    try event(note, arrived.hash, profile, version).encode(as: .json), note.id, version.id,
                    headers: arrived.origin?.headers ?? [], in: batch)
            }
        }
    }

    private func cachedStates(
        of notes: [ValidNote], _ partition: Int32, _ version: ModelVersion, in batch: StageBatch
    ) throws -> [[Float]?] {
        var states: [[Float]?] = []
        for note in notes {
            let state = try LivingNotes.pooledState(
                of: note, partition, reading: version.readingKey, in: batch.changes)
            states.append(state?.count == version.width ? state : nil)
        }
        return states
    }

    private func event(
        _ note: ValidNote, _ hash: ContentHash, _ profile: ProfiledNote, _ version: ModelVersion
    ) -> NoteProfile {
        NoteProfile(
            note: String(decoding: note.id, as: UTF8.self), version: version.id, contentHash: hash.hex,
            created: Timestamp(milliseconds: note.created), time: Timestamp(milliseconds: note.time),
            title: note.title, content: note.content, category: profile.category ?? "",
            categoryScore: profile.categoryScore,
            hashtags: profile.hashtags.map { Hashtag(tag: $0.tag, score: $0.score) },
            authorHashtags: note.hashtags, authorCategory: note.category, embedding: profile.embedding)
    }

    /// Sends a profile, or takes it back.
    func send(
        _ profile: [UInt8]?, _ note: [UInt8], _ version: String, headers: [Header] = [], in batch: StageBatch
    ) {
        batch.send(
            to: .noteProfiles, partitionKey: note, key: ProfileKey(note: note, version: Array(version.utf8)).bytes,
            value: profile, headers: headers)
    }
}

/// A note to be profiled.
struct ArrivedNote {
    var note: ValidNote
    var hash: ContentHash
    /// nil where the note was there already, and a new model version has it profiled anew.
    var origin: Origin?
}
