import Schemas
import StateStore

/// What was last said of each owned note, and what therefore has to be said again.
///
/// All of it is a cache of the output topic, and digests leave it out: the last list of each note; for each note, whose
/// lists name it, and whose would, were it alive; the notes whose list is due.
package enum EmittedLists {
    package static let families = [lists, mentions, awaited, waiting, due]

    /// (partition, note) → the last list, as protobuf.
    private static let lists = ColumnFamily("lists")
    /// (named note, partition, naming note) → nothing.
    private static let mentions = ColumnFamily("mentions")
    /// (absent note, partition, note whose list would name it) → nothing.
    private static let awaited = ColumnFamily("awaited")
    /// (partition, note whose list would name them) → the absent notes, one id after the other; no row where there are none.
    private static let waiting = ColumnFamily("waiting")
    /// (partition, note) → nothing.
    private static let due = ColumnFamily("due")

    private static func key(_ partition: Int32, _ note: [UInt8]) -> [UInt8] {
        KeyBuilder().uint32(UInt32(bitPattern: partition)).id(note).bytes
    }

    private static func mention(_ named: [UInt8], _ partition: Int32, by note: [UInt8]) -> [UInt8] {
        KeyBuilder().id(named).uint32(UInt32(bitPattern: partition)).id(note).bytes
    }

    // MARK: - The last list

    package static func last(of note: [UInt8], _ partition: Int32, in reader: some StateReader) throws
        -> RecommendationList?
    {
        try reader.get(lists, key(partition, note)).map { try RecommendationList(protobuf: $0) }
    }

    /// The last list as it is kept, in protobuf.
    static func lastBytes(
        of note: [UInt8], _ partition: Int32, in reader: some StateReader
    ) throws(StoreError) -> [UInt8]? {
        try reader.get(lists, key(partition, note))
    }

    /// Keeps a list, and who it names.
    package static func keep(_ list: RecommendationList, of note: [UInt8], _ partition: Int32, in batch: Batch) throws {
        try forgetMentions(by: note, partition, in: batch)
        try batch.put(lists, key(partition, note), try list.encode(as: .protobuf))
        for item in list.items { try batch.put(mentions, mention(Array(item.note.utf8), partition, by: note), []) }
    }

    /// Forgets a list, and who it named. What its note awaits stays: see ``await(_:for:_:in:)``.
    package static func forget(_ note: [UInt8], _ partition: Int32, in batch: Batch) throws {
        try forgetMentions(by: note, partition, in: batch)
        try batch.delete(lists, key(partition, note))
    }

    private static func forgetMentions(by note: [UInt8], _ partition: Int32, in batch: Batch) throws {
        guard let old = try last(of: note, partition, in: batch) else { return }
        for item in old.items { try batch.delete(mentions, mention(Array(item.note.utf8), partition, by: note)) }
    }

    /// Visits the notes of a partition that have a list.
    package static func forEach(
        of partition: Int32, in reader: some StateReader, _ body: ([UInt8], RecommendationList) throws -> Void
    ) throws {
        var rows: [([UInt8], [UInt8])] = []
        try reader.scan(lists, prefix: KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes) {
            key, value throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.uint32()
            rows.append((try parts.id(), [UInt8](value)))
            return true
        }
        for (note, bytes) in rows {
            try body(note, RecommendationList(protobuf: bytes))
        }
    }

    /// The notes whose lists name `note`, with their partitions.
    package static func mentioning(_ note: [UInt8], in reader: some StateReader) throws(StoreError) -> [(
        Int32, [UInt8]
    )] {
        try naming(note, mentions, in: reader)
    }

    /// Remembers what the list of `note` would name, were it alive: these, and nothing that it awaited before.
    package static func await(_ absent: [[UInt8]], for note: [UInt8], _ partition: Int32, in batch: Batch)
        throws(StoreError)
    {
        let before = try absentees(of: note, partition, in: batch)
        guard Set(absent) != Set(before) else { return }
        for other in before { try batch.delete(awaited, mention(other, partition, by: note)) }
        for other in absent { try batch.put(awaited, mention(other, partition, by: note), []) }
        try keepWaiting(absent, note, partition, in: batch)
    }

    /// The notes that waited for `note`; they wait no longer.
    package static func stopAwaiting(_ note: [UInt8], in batch: Batch) throws(StoreError) -> [(Int32, [UInt8])] {
        let found = try naming(note, awaited, in: batch)
        for (partition, waiting) in found {
            try batch.delete(awaited, mention(note, partition, by: waiting))
            let others = try absentees(of: waiting, partition, in: batch).filter { $0 != note }
            try keepWaiting(others, waiting, partition, in: batch)
        }
        return found
    }

    /// What the list of `note` would name, were it alive.
    package static func absentees(
        of note: [UInt8], _ partition: Int32, in reader: some StateReader
    ) throws(StoreError) -> [[UInt8]] {
        try reader.withValue(waiting, key(partition, note)) { value throws(StoreError) in
            var found: [[UInt8]] = []
            guard let value else { return found }
            var parts = KeyReader(value)
            while !parts.isAtEnd { found.append(try parts.id()) }
            return found
        }
    }

    private static func keepWaiting(
        _ absent: [[UInt8]], _ note: [UInt8], _ partition: Int32, in batch: Batch
    ) throws(StoreError) {
        guard !absent.isEmpty else { return try batch.delete(waiting, key(partition, note)) }
        let ids = absent.reduce(KeyBuilder()) { $0.id($1) }
        try batch.put(waiting, key(partition, note), ids.bytes)
    }

    private static func naming(
        _ note: [UInt8], _ family: ColumnFamily, in reader: some StateReader
    ) throws(StoreError) -> [(Int32, [UInt8])] {
        var found: [(Int32, [UInt8])] = []
        try reader.scan(family, prefix: KeyBuilder().id(note).bytes) { key, _ throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.id()
            let partition = Int32(bitPattern: try parts.uint32())
            found.append((partition, try parts.id()))
            return true
        }
        return found
    }

    // MARK: - What is due

    package static func markDue(_ note: [UInt8], _ partition: Int32, in batch: Batch) throws(StoreError) {
        try batch.put(due, key(partition, note), [])
    }

    package static func clearDue(_ note: [UInt8], _ partition: Int32, in batch: Batch) throws(StoreError) {
        try batch.delete(due, key(partition, note))
    }

    /// The due notes of a partition, in byte order.
    package static func due(of partition: Int32, in reader: some StateReader) throws(StoreError) -> [[UInt8]] {
        try notes(of: partition, due, in: reader)
    }

    private static func notes(
        of partition: Int32, _ family: ColumnFamily, in reader: some StateReader
    ) throws(StoreError) -> [[UInt8]] {
        var found: [[UInt8]] = []
        try reader.scan(family, prefix: KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes) {
            key, _ throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.uint32()
            found.append(try parts.id())
            return true
        }
        return found
    }

    /// Forgets everything of a partition; mentions and what is awaited go with the notes that caused them.
    package static func wipe(_ partition: Int32, in batch: Batch) throws {
        for note in try notes(of: partition, lists, in: batch) { try forget(note, partition, in: batch) }
        for note in try notes(of: partition, waiting, in: batch) {
            try Self.await([], for: note, partition, in: batch)
        }
        try batch.wipe(due, prefix: KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes)
    }
}
