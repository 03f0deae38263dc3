import Configuration
import CoOccurrence
import EventLog
import Schemas
import StateStore

/// The digest of one partition's state, and the position that it is the state at.
public struct PartitionDigest: Sendable, Hashable {
    /// What it is a digest of.
    package var subject: DigestSubject
    /// The partition of the subject's topic.
    public var partition: Int32
    /// How many rows went in.
    public var entries: Int
    /// 32 hexadecimal digits.
    public var digest: String
    /// Every record of the partition before it is in the state; nil where none ever was.
    public var offset: Int64?

    /// One line of JSON.
    public var json: String {
        "{\"subject\": \"\(subject.rawValue)\", \"partition\": \(partition), \"entries\": \(entries), "
            + "\"digest\": \"\(digest)\", \"offset\": \(offset.map(String.init) ?? "null")}"
    }
}

extension StoreInspection {
    /// The digests of all that the (stopped) stores hold, by subject and partition. Two runs over one log agree in them,
    /// however their batches fell, whatever crashed; where an instance no longer owns a partition, its digest is the old
    /// state's, and the offset says of when.
    public func digests() throws -> [PartitionDigest] { try profileDigests() + sessionDigests() + recommendDigests() }

    private func profileDigests() throws -> [PartitionDigest] {
        guard let store = try openStore(.profile, ProfileStage.families) else { return [] }
        defer { store.close() }
        return try line(.notes, of: .notes, in: store) { try LivingNotes.digest(of: $0, in: store) }
    }

    private func sessionDigests() throws -> [PartitionDigest] {
        guard let store = try openStore(.session, SessionStage.families) else { return [] }
        defer { store.close() }
        let window = try settings.window.settings
        return try line(.windows, of: .clicks, in: store) {
            try ClickWindows(partition: $0, settings: window).digest(in: store)
        }
    }

    private func recommendDigests() throws -> [PartitionDigest] {
        guard let (stage, store) = try openRecommend() else { return [] }
        defer { store.close() }
        let activity = try stage.activityDigests(partitions: topics.partitions(of: .activity), in: store)
        let profiles = try stage.profileDigests(partitions: topics.partitions(of: .noteProfiles), in: store)
        let index = stage.indexDigests(partitions: topics.partitions(of: .noteProfiles))
        return try line(.pairs, of: .cooccurrence, in: store) { try stage.pairRows($0).digest(in: store) }
            + line(.activity, of: .activity, in: store) { activity[Int($0)] }
            + line(.profiles, of: .noteProfiles, in: store) { profiles[Int($0)] }
            + line(.index, of: .noteProfiles, in: store) { index[Int($0)] }
    }

    private func line(
        _ subject: DigestSubject, of topic: TopicName, in store: Store, _ digest: (Int32) throws -> StateDigest
    ) throws -> [PartitionDigest] {
        try topics.places(of: topic).map { place in
            let made = try digest(place.partition)
            return PartitionDigest(
                subject: subject, partition: place.partition, entries: made.entries, digest: made.hex,
                offset: try Positions.read(place, in: store)?.offset)
        }
    }
}
