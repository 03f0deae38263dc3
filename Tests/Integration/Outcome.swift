import CoOccurrence
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas

/// What a deployment's output topics say, read with read_committed.
struct Outcome {
    /// The lists in force.
    var lists: [[UInt8]: RecommendationList] = [:]
    /// Every key of note-recommendations that was ever written, tombstones too.
    var listKeys: Set<[UInt8]> = []
    /// The last profile of each key, byte for byte.
    var profiles: [[UInt8]: [UInt8]] = [:]
    /// Sums of all deltas of cooccurrence, zeros left out.
    var pairs: [BatchFormula.Pair: PairSum] = [:]
    /// Sums of all deltas of activity, zeros left out.
    var clicks: [BatchFormula.NoteHour: Int64] = [:]
    /// Profiles ever written.
    var profileRecords = 0

    init(_ deployment: Deployment) throws { try self.init(deployment.broker.settings, deployment.topics) }

    init(_ client: ClientSettings, _ topics: Topics) throws {
        let reader = TopicReader(client)
        try reader.readToEnd(topics.places(of: .noteRecommendations)) { record in
            let key = record.key ?? []
            listKeys.insert(key)
            lists[key] = record.value == nil ? nil : try RecommendationList.decode(record)
        }
        try reader.readToEnd(topics.places(of: .noteProfiles)) { record in
            profiles[record.key ?? []] = record.value
            profileRecords += 1
        }
        try reader.readToEnd(topics.places(of: .cooccurrence)) { record in
            let delta = try PairDelta.decode(record)
            for target in delta.targets {
                let pair = BatchFormula.Pair(
                    source: Array(delta.source.utf8), target: Array(target.note.utf8), bucket: delta.bucket)
                pairs[pair, default: .zero] += PairSum(score: target.delta, users: Int64(target.users))
            }
        }
        try reader.readToEnd(topics.places(of: .activity)) { record in
            let delta = try ActivityDelta.decode(record)
            guard !delta.note.isEmpty else { return }
            clicks[BatchFormula.NoteHour(note: Array(delta.note.utf8), hour: delta.hour), default: 0] += delta.delta
        }
        pairs = pairs.filter { $0.value != .zero }
        clicks = clicks.filter { $0.value != 0 }
    }

    /// The sums in buckets that are in the window at a time.
    func livePairs(at time: Int64, _ window: WindowSettings = .standard) -> [BatchFormula.Pair: PairSum] {
        pairs.filter { window.isLive(bucket: $0.key.bucket, at: time) }
    }

    /// The click counts in buckets that are in the window at a time.
    func liveClicks(at time: Int64, _ window: WindowSettings = .standard) -> [BatchFormula.NoteHour: Int64] {
        clicks.filter { window.isLive(bucket: window.bucket(of: $0.key.hour * 3_600_000), at: time) }
    }

    /// The notes with a profile under a version.
    func profiled(under version: String) -> Set<[UInt8]> {
        Set(profiles.keys.compactMap { try? ProfileKey($0) }.filter { $0.version == Array(version.utf8) }.map(\.note))
    }
}

/// Keys that two tables do not agree on.
func differences<Key: Hashable, Value: Equatable>(_ a: [Key: Value], _ b: [Key: Value]) -> [Key] {
    Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }
}

/// Bytes as text, for messages.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
