import Schemas
import StateStore

/// note-profiles as a table: every version's profiles as they came, which of them wait to be indexed, and the markers.
enum Profiles {
    static let families = [profiles, unindexed, markers]

    /// (model version, note) → the profile, as protobuf.
    private static let profiles = ColumnFamily("profiles")
    /// (model version, note) → nothing: the profile is not in that version's indexes as it now reads.
    private static let unindexed = ColumnFamily("unindexed")
    /// (model version, partition of notes, partition of note-profiles) → nothing.
    private static let markers = ColumnFamily("profile-markers")

    private static func key(_ version: String, _ note: [UInt8]) -> [UInt8] {
        KeyBuilder().id(Array(version.utf8)).id(note).bytes
    }

    private static func prefix(_ version: String) -> [UInt8] { KeyBuilder().id(Array(version.utf8)).bytes }

    // MARK: - Profiles

    static func put(_ profile: NoteProfile, of note: [UInt8], in batch: Batch) throws {
        try batch.put(profiles, key(profile.version, note), profile.encode(as: .protobuf))
    }

    static func delete(_ note: [UInt8], _ version: String, in batch: Batch) throws {
        try batch.delete(profiles, key(version, note))
        try batch.delete(unindexed, key(version, note))
    }

    static func profile(of note: [UInt8], _ version: String, in reader: some StateReader) throws -> NoteProfile? {
        try reader.get(profiles, key(version, note)).map { try NoteProfile(protobuf: $0) }
    }

    /// The notes that have a profile under a version, in byte order.
    static func notes(_ version: String, in reader: some StateReader) throws -> [[UInt8]] {
        try notes(of: profiles, version, in: reader)
    }

    // MARK: - What waits to be indexed

    static func markUnindexed(_ note: [UInt8], _ version: String, in batch: Batch) throws {
        try batch.put(unindexed, key(version, note), [])
    }

    static func markIndexed(_ note: [UInt8], _ version: String, in batch: Batch) throws {
        try batch.delete(unindexed, key(version, note))
    }

    static func unindexed(_ version: String, in reader: some StateReader) throws -> [[UInt8]] {
        try notes(of: unindexed, version, in: reader)
    }

    static func forgetUnindexed(_ version: String, in batch: Batch) throws {
        try batch.wipe(unindexed, prefix: prefix(version))
    }

    private static func notes(
        of family: ColumnFamily, _ version: String, in reader: some StateReader
    ) throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        try reader.scan(family, prefix: prefix(version)) { key, _ throws(StoreError) in
            var parts = KeyReader(key)
            _ = try parts.id()
            found.append(try parts.id())
            return true
        }
        return found
    }

    // MARK: - Markers

    /// A marker as it was read in one partition of note-profiles.
    static func note(_ marker: ProfileMarkerKey, seenIn partition: Int32, holds: Bool, in batch: Batch) throws {
        let key = KeyBuilder().id(marker.version).uint32(UInt32(bitPattern: marker.partition))
            .uint32(UInt32(bitPattern: partition)).bytes
        if holds { try batch.put(markers, key, []) } else { try batch.delete(markers, key) }
    }

    /// Whether all profiles of a version have been read: every partition of notes has its marker in every partition of
    /// note-profiles.
    static func isComplete(_ version: String, _ topics: Topics, in reader: some StateReader) throws -> Bool {
        var count = 0
        try reader.scan(markers, prefix: prefix(version)) { _, _ throws(StoreError) in
            count += 1
            return true
        }
        return count == Int(topics.partitions(of: .notes)) * Int(topics.partitions(of: .noteProfiles))
    }
}
