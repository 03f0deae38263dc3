import CoOccurrence
import Foundation
import Schemas

/// What two runs of one log may not differ in.
struct ChaosComparison {
    private(set) var lost: [String] = []
    private(set) var doubled: [String] = []
    private(set) var digests: [String] = []
    private(set) var oracle: [String] = []
    /// Profiles, lists, versions.
    private(set) var others: [String] = []

    var all: [String] { lost + doubled + digests + oracle + others }

    /// Compares what is on the topics, and in the stopped stores of each run's first instance.
    init(calm: CalmRun, rough: Deployment, log: ChaosLog, version: String) throws {
        let found = try Outcome(rough)
        compareSums(calm.outcome, found)
        compareWithOracle(found, log)
        compareProfiles(calm.outcome, found)
        if Set(found.lists.keys) != log.living { others.append("lists are not those of exactly the living notes") }
        let versions = Set(found.lists.values.map(\.version))
        if versions != [version] { others.append("lists are of \(versions), not of \(version)") }
        let state = try FinalState(rough)
        for key in differences(calm.state.digests, state.digests).sorted() {
            digests.append("\(key): \(calm.state.digests[key] ?? "none") became \(state.digests[key] ?? "none")")
        }
        compareLists(calm.state.lists, state.lists)
    }

    private mutating func compareSums(_ expected: Outcome, _ found: Outcome) {
        for key in differences(expected.pairs, found.pairs) {
            let (before, after) = (expected.pairs[key] ?? .zero, found.pairs[key] ?? .zero)
            let pair = "\(text(key.source))→\(text(key.target)) in bucket \(key.bucket)"
            if before.score != after.score { note(before.score, after.score, pair) }
            if before.users != after.users { note(before.users, after.users, "users of " + pair) }
        }
        for key in differences(expected.clicks, found.clicks) {
            let (before, after) = (expected.clicks[key] ?? 0, found.clicks[key] ?? 0)
            note(before, after, "clicks of \(text(key.note)) in hour \(key.hour)")
        }
    }

    private mutating func note(_ before: Int64, _ after: Int64, _ place: String) {
        let line = "\(place): \(before) became \(after)"
        if after < before { lost.append(line) } else { doubled.append(line) }
    }

    private mutating func compareWithOracle(_ found: Outcome, _ log: ChaosLog) {
        let pairs = differences(BatchFormula.pairs(of: log.clicks, .standard), found.livePairs(at: log.tick.time))
        let clicks = differences(BatchFormula.activity(of: log.clicks, .standard), found.liveClicks(at: log.tick.time))
        oracle += pairs.map { "pair \(text($0.source))→\(text($0.target)) in bucket \($0.bucket)" }
        oracle += clicks.map { "activity of \(text($0.note)) in hour \($0.hour)" }
    }

    private mutating func compareProfiles(_ expected: Outcome, _ found: Outcome) {
        for key in differences(expected.profiles, found.profiles) {
            others.append(
                "profile \(text(key)): \(expected.profiles[key].map(text) ?? "none") became "
                    + "\(found.profiles[key].map(text) ?? "none")")
        }
    }

    private mutating func compareLists(_ expected: [String: RecommendationList], _ found: [String: RecommendationList])
    {
        for note in Set(expected.keys).union(found.keys) {
            let (before, after) = (expected[note]?.items ?? [], found[note]?.items ?? [])
            let isEqual =
                before.map(\.note) == after.map(\.note)
                && zip(before, after).allSatisfy { abs($0.score - $1.score) <= 1e-5 }
            if !isEqual { others.append("the list of \(note), made anew from the stores") }
        }
    }
}

/// The undisturbed run of a log.
struct CalmRun {
    let outcome: Outcome
    let state: FinalState

    init(_ deployment: Deployment) throws {
        outcome = try Outcome(deployment)
        state = try FinalState(deployment)
    }
}

/// What the stores of a stopped instance hold.
struct FinalState {
    /// By subject and partition.
    var digests: [String: String] = [:]
    /// Every living note's list, made anew by exact comparison.
    var lists: [String: RecommendationList] = [:]

    init(_ deployment: Deployment) throws {
        digests = try Self.digests(deployment.succeed("digest").lines)
        for line in try deployment.succeed("inspect", "--lists").lines {
            let list = try RecommendationList(json: Array(line.utf8))
            lists[list.note] = list
        }
    }

    /// Reads what `notestream digest` prints; offsets differ between two runs, since transactions leave marks.
    static func digests(_ lines: [String]) throws -> [String: String] {
        var digests: [String: String] = [:]
        for line in lines {
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            guard let subject = row["subject"] as? String, let partition = row["partition"] as? Int,
                let entries = row["entries"] as? Int, let digest = row["digest"] as? String
            else { throw IntegrationError("no digest: \(line)") }
            digests["\(subject) \(partition)"] = "\(digest) of \(entries)"
        }
        return digests
    }
}
