import Configuration
import EventLog
import NoteLLM
import Schemas
import StateStore

/// Notes in, profiles out: embedding, category and hashtags by one model version.
///
/// The stage keeps no statistics of the corpus, so its output is a function of (model version, note) alone: a lost store
/// costs repeated, equal profiles and nothing else.
package final class ProfileStage: StreamStage {
    package static let name = "profile"
    package static let inputTopic = TopicName.notes
    package static let replayPolicy = ReplayPolicy.skips
    package static let families = [contentHashes, pooledStates]

    /// (partition, note, model version) → content hash of the note as it was last profiled.
    private static let contentHashes = ColumnFamily("content-hashes")
    /// (reading, text hash) → pooled state, half precision: a cache.
    private static let pooledStates = ColumnFamily("pooled-states")

    private let version: ModelVersion
    private let knownVersions: [String]
    private let reader: any NoteReading
    private var waiting: [(note: ValidNote, hash: ContentHash)] = []

    /// - Parameters:
    ///   - version: what profiles are made with, and stamped with.
    ///   - knownVersions: all versions that profiles may be out under: a deleted note's are all taken back.
    ///   - reader: reads notes as the version asks for.
    package init(version: ModelVersion, knownVersions: [String], reader: any NoteReading) {
        self.version = version
        self.knownVersions = Set(knownVersions + [version.id]).sorted()
        self.reader = reader
    }

    /// Notes profiled under another version are profiled again.
    package var mark: String { version.id }

    package func decode(_ record: Record) throws(SchemaError) -> IncomingNote { try IncomingNote.decode(record) }

    package func process(_ input: IncomingNote, of partition: Int32, in batch: StageBatch) throws {
        switch input {
        case .tombstone(let note):
            try batch.changes.wipe(Self.contentHashes, prefix: hashKey(partition, note).bytes)
            waiting.removeAll { $0.note.id == note }
            for version in knownVersions {
                try send(nil, note: note, version: version, in: batch)
            }
        case .upsert(let note):
            let hash = ContentHash(note)
            let key = hashKey(partition, note.id).id(Array(version.id.utf8)).bytes
            guard try batch.changes.get(Self.contentHashes, key) != hash.bytes else { return }
            try batch.changes.put(Self.contentHashes, key, hash.bytes)
            waiting.append((note, hash))
        }
    }

    package func finish(_ batch: StageBatch) throws {
        guard !waiting.isEmpty else { return }
        defer { waiting.removeAll(keepingCapacity: true) }
        let texts = waiting.map { NoteText($0.note) }
        let states = try pooled(texts, in: batch)
        let likelihoods = try reader.labelLikelihoods(of: texts)
        for (index, (note, hash)) in waiting.enumerated() {
            let profile = version.profile(
                pooled: states[index], text: texts[index], labelLikelihoods: likelihoods?[index])
            try send(event(note, hash, profile), note: note.id, version: version.id, in: batch)
        }
    }

    /// The pooled states of some texts, from the cache where they are in it.
    private func pooled(_ texts: [NoteText], in batch: StageBatch) throws -> [[Float]] {
        var states: [[Float]?] = []
        for text in texts { states.append(try cached(text, in: batch.changes)) }
        let missing = texts.indices.filter { states[$0] == nil }
        let computed = try reader.pooledStates(of: missing.map { texts[$0] })
        for (index, state) in zip(missing, computed) {
            states[index] = state
            try batch.changes.put(Self.pooledStates, pooledKey(texts[index]), Half.encoded(state))
        }
        return states.compactMap { $0 }
    }

    private func cached(_ text: NoteText, in reader: some StateReader) throws -> [Float]? {
        guard let bytes = try reader.get(Self.pooledStates, pooledKey(text)) else { return nil }
        return bytes.count == 2 * version.width ? Half.decoded(bytes) : nil
    }

    /// The note's texts under one reading of one base model; an adapter would make it another.
    private func pooledKey(_ text: NoteText) -> [UInt8] {
        KeyBuilder().id(Array("\(version.manifest.baseModelSHA256)/\(version.manifest.reading)".utf8)).bytes
            + ContentHash(text).bytes
    }

    private func hashKey(_ partition: Int32, _ note: [UInt8]) -> KeyBuilder {
        KeyBuilder().uint32(UInt32(bitPattern: partition)).id(note)
    }

    private func event(_ note: ValidNote, _ hash: ContentHash, _ profile: ProfiledNote) -> NoteProfile {
        NoteProfile(
            note: String(decoding: note.id, as: UTF8.self), version: version.id, contentHash: hash.hex,
            created: Timestamp(milliseconds: note.created), time: Timestamp(milliseconds: note.time),
            title: note.title, content: note.content, category: profile.category ?? "",
            categoryScore: profile.categoryScore,
            hashtags: profile.hashtags.map { Hashtag(tag: $0.tag, score: $0.score) },
            authorHashtags: note.hashtags, authorCategory: note.category, embedding: profile.embedding)
    }

    private func send(_ profile: NoteProfile?, note: [UInt8], version: String, in batch: StageBatch) throws {
        batch.send(
            to: .noteProfiles, partitionKey: note, key: ProfileKey(note: note, version: Array(version.utf8)).bytes,
            value: try profile?.encode(as: .json))
    }

    package func wipe(_ partition: Int32, in batch: StageBatch) throws {
        try batch.changes.wipe(Self.contentHashes, prefix: KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes)
    }

    package func reload() throws { waiting.removeAll() }
}

extension NoteText {
    init(_ note: ValidNote) { self.init(title: note.title, content: note.content) }
}

extension ContentHash {
    /// Of everything in a note that its profile shows.
    init(_ note: ValidNote) {
        self.init(
            NoteText(note), hashtags: note.hashtags, category: note.category, author: note.author, created: note.created
        )
    }
}
