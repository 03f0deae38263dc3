import CoOccurrence
import EventLog
import Schemas
import StateStore

/// What a digest is of. Caches (pooled states, lists as they were sent, marks of what is due) are left out, and so are float
/// bits, which differ from one kind of CPU to another.
package enum DigestSubject: String, Sendable {
    /// The living notes of a notes partition, by content.
    case notes
    /// Users' rows of a clicks partition.
    case windows
    /// Pair sums of a cooccurrence partition, in the window.
    case pairs
    /// Clicks per note and hour, in the window, of an activity partition.
    case activity
    /// The profiles of a note-profiles partition under the serving version: note, content, version.
    case profiles
    /// The notes of a note-profiles partition that both indexes hold.
    case index
}

extension LivingNotes {
    /// Of the notes of a partition as they read now.
    static func digest(of partition: Int32, in reader: some StateReader) throws -> StateDigest {
        var digest = StateDigest()
        try forEach(of: partition, in: reader) { note, hash in
            digest.add(KeyBuilder().id(note).bytes + hash)
        }
        return digest
    }
}

extension ClickWindows {
    /// Of all rows, with the clicks' weights: what the next event finds.
    func digest(in reader: some StateReader) throws(StoreError) -> StateDigest {
        var digest = StateDigest()
        try forEachUser(in: reader) { row in
            var entry = KeyBuilder().id(row.user).int64(row.lastActive)
            for click in row.clicks.sorted(by: { $0.note.lexicographicallyPrecedes($1.note) }) {
                entry = entry.id(click.note).int64(click.time).int64(click.weight)
            }
            digest.add(entry.bytes)
        }
        return digest
    }
}

extension PairRows {
    /// Of all sums but zeros: a pair that was taken back leaves one behind, or nothing.
    func digest(in reader: some StateReader) throws(StoreError) -> StateDigest {
        var digest = StateDigest()
        try forEach(in: reader) { source, bucket, target, sum in
            guard sum != .zero else { return }
            digest.add(KeyBuilder().id(source).int64(bucket).id(target).int64(sum.score).int64(sum.users).bytes)
        }
        return digest
    }
}

extension RecommendStage {
    /// Of the hours of activity in the window, zeros left out, by partition of activity.
    func activityDigests(partitions: Int32, in reader: some StateReader) throws -> [StateDigest] {
        let window = configuration.window
        var digests = [StateDigest](repeating: StateDigest(), count: Int(partitions))
        try ActivityTable(settings: window).forEach(in: reader) { note, hour, clicks in
            let bucket = window.bucket(of: hour * WindowSettings.hourMilliseconds)
            guard clicks != 0, window.isLive(bucket: bucket, at: latestTime) else { return }
            digests[Int(Partitioner.partition(for: note, count: partitions))]
                .add(KeyBuilder().id(note).int64(hour).int64(clicks).bytes)
        }
        return digests
    }

    /// Of the serving version's profiles, by partition of note-profiles.
    func profileDigests(partitions: Int32, in reader: some StateReader) throws -> [StateDigest] {
        var digests = [StateDigest](repeating: StateDigest(), count: Int(partitions))
        for note in try Profiles.notes(version.id, in: reader) {
            guard let profile = try Profiles.profile(of: note, version.id, in: reader) else { continue }
            let entry = KeyBuilder().id(note).id(Array(profile.version.utf8)).id(Array(profile.contentHash.utf8))
            digests[Int(Partitioner.partition(for: note, count: partitions))].add(entry.bytes)
        }
        return digests
    }

    /// Of which notes both of the serving generation's indexes hold. Labels differ between two runs and are left out.
    func indexDigests(partitions: Int32) -> [StateDigest] {
        var digests = [StateDigest](repeating: StateDigest(), count: Int(partitions))
        notes.forEach { label, note in
            guard vectors.contains(label), lexicon.contains(label) else { return }
            digests[Int(Partitioner.partition(for: note.id, count: partitions))].add(KeyBuilder().id(note.id).bytes)
        }
        return digests
    }
}
