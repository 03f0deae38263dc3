import NoteLLM
import Schemas
import StateStore

/// The notes of the owned partitions as they read now, with their pooled states: what another model version's profiles
/// are made from.
enum LivingNotes {
    static let families = [notes, pooledStates]

    /// (partition, note) → content hash, then the note as protobuf.
    private static let notes = ColumnFamily("notes")
    /// (partition, note, reading) → hash of the text, then the pooled state in half precision: a cache.
    private static let pooledStates = ColumnFamily("pooled-states")
    private static let hashBytes = 16

    private static func key(_ partition: Int32, _ note: [UInt8]) -> KeyBuilder {
        KeyBuilder().uint32(UInt32(bitPattern: partition)).id(note)
    }

    private static func prefix(_ partition: Int32) -> [UInt8] {
        KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes
    }

    // MARK: - Notes

    /// Keeps a note; false when it says what the kept one says.
    static func keep(
        _ note: ValidNote, _ hash: ContentHash, of partition: Int32, in batch: Batch
    ) throws -> Bool {
        let key = key(partition, note.id).bytes
        if let row = try batch.get(notes, key), Array(row.prefix(hashBytes)) == hash.bytes { return false }
        try batch.put(notes, key, hash.bytes + Note(note).encode(as: .protobuf))
        return true
    }

    static func forget(_ note: [UInt8], of partition: Int32, in batch: Batch) throws {
        try batch.delete(notes, key(partition, note).bytes)
        try batch.wipe(pooledStates, prefix: key(partition, note).bytes)
    }

    static func wipe(_ partition: Int32, in batch: Batch) throws {
        for family in families { try batch.wipe(family, prefix: prefix(partition)) }
    }

    /// Visits the notes of a partition with the hash of their content, in the order of their ids.
    static func forEach(
        of partition: Int32, in reader: some StateReader, _ body: (_ note: [UInt8], _ hash: [UInt8]) -> Void
    ) throws(StoreError) {
        try reader.scan(notes, prefix: prefix(partition)) { key, value throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.uint32()
            body(try parts.id(), Array(value.prefix(hashBytes)))
            return true
        }
    }

    /// Up to `limit` notes of a partition in the order of their ids, behind `note` or from the start.
    static func after(
        _ note: [UInt8]?, of partition: Int32, limit: Int, in reader: some StateReader
    ) throws -> [(note: ValidNote, hash: ContentHash)] {
        var rows: [[UInt8]] = []
        let start = note.map { key(partition, $0).bytes }
        try reader.scan(notes, prefix: prefix(partition), from: start, reverse: false) {
            key, value throws(StoreError) in
            if start.map({ key.elementsEqual($0) }) != true { rows.append([UInt8](value)) }
            return rows.count < limit
        }
        return try rows.map { row in
            let kept = try Note(protobuf: Array(row.dropFirst(hashBytes)))
            let note = try ValidNote(kept, key: nil, recordTimestamp: kept.time?.milliseconds)
            return (note, ContentHash(note))
        }
    }

    // MARK: - Pooled states

    /// The state of a note's text under a reading, where it is kept and the text is still the same.
    static func pooledState(
        of note: ValidNote, _ partition: Int32, reading: String, in reader: some StateReader
    ) throws -> [Float]? {
        guard let row = try reader.get(pooledStates, stateKey(partition, note.id, reading)),
            Array(row.prefix(hashBytes)) == ContentHash(NoteText(note)).bytes
        else { return nil }
        return Half.decoded(Array(row.dropFirst(hashBytes)))
    }

    static func keep(
        pooledState: [Float], of note: ValidNote, _ partition: Int32, reading: String, in batch: Batch
    ) throws {
        try batch.put(
            pooledStates, stateKey(partition, note.id, reading),
            ContentHash(NoteText(note)).bytes + Half.encoded(pooledState))
    }

    private static func stateKey(_ partition: Int32, _ note: [UInt8], _ reading: String) -> [UInt8] {
        key(partition, note).id(Array(reading.utf8)).bytes
    }
}

extension Note {
    fileprivate init(_ note: ValidNote) {
        self.init(
            id: String(decoding: note.id, as: UTF8.self), title: note.title, content: note.content,
            hashtags: note.hashtags, category: note.category, author: note.author,
            created: Timestamp(milliseconds: note.created), time: Timestamp(milliseconds: note.time))
    }
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
