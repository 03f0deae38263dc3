import EventLog
import NoteLLM
import Pipeline
import Schemas
import Support
import Testing

@Suite("Profile stage, from one model version to another")
struct ProfileSwapTests {
    let first: ModelVersion
    let second: ModelVersion

    init() throws {
        first = try SmallModel(seed: 1).version
        second = try SmallModel(seed: 2).version
    }

    /// Batches until the swap is over; answers all that they sent.
    @discardableResult
    func finish(_ harness: ProfileHarness) throws -> [OutgoingRecord] {
        var sent: [OutgoingRecord] = []
        for _ in 0..<1_000 {
            sent += try harness.feed([])
            if harness.stage.backlog == 0 { return sent }
        }
        Issue.record("the swap does not end")
        return sent
    }

    @Test("an empty partition is profiled at once, and says so in every partition of note-profiles")
    func empty() throws {
        let harness = try ProfileHarness(ModelChoice(target: first))
        #expect(harness.isMarked(first))
        #expect(harness.mark == first.id)
        #expect(try finish(harness).isEmpty)
    }

    @Test("notes that are there get profiles under the new version, then the marker; nothing is read again")
    func swap() throws {
        let harness = try ProfileHarness(ModelChoice(target: first))
        let notes = try (0..<50).map { try harness.note("n\($0)", "word\($0)") }
        try harness.feed(notes)
        let reads = harness.reads.count
        harness.models.choice = ModelChoice(target: second, previous: first)
        let sent = try finish(harness)
        #expect(try harness.contents(second) == harness.contents(first))
        #expect(harness.isMarked(second) && harness.isMarked(first))
        #expect(harness.mark == second.id)
        // Both versions read alike: the cache had every state.
        #expect(harness.reads.count == reads)
        // The marker stands behind all profiles.
        let keys = sent.keys("note-profiles")
        let marker = try #require(keys.firstIndex(of: "@\(second.id)/0"))
        #expect(keys[..<marker].count == 50)
        #expect(keys[marker...].allSatisfy { $0.hasPrefix("@") })
    }

    @Test("while a swap runs, edits and new notes come out under both versions, deletions under both too")
    func meanwhile() throws {
        let harness = try ProfileHarness(ModelChoice(target: first))
        try harness.feed((0..<40).map { try harness.note("n\($0)", "word\($0)") })
        harness.models.choice = ModelChoice(target: second, previous: first)
        try harness.feed([])
        try harness.feed([harness.note("n3", "edited"), harness.note("new", "word1"), harness.deletion("n5")])
        try harness.feed([harness.note("n39", "edited twice")])
        try finish(harness)
        for version in [first, second] {
            let contents = try harness.contents(version)
            #expect(contents.count == 40)
            #expect(contents["n3"] == "edited")
            #expect(contents["n39"] == "edited twice")
            #expect(contents["new"] == "word1")
            #expect(contents["n5"] == nil)
        }
    }

    /// Records, swaps, crashes, lost stores and moves at random: whatever happened, each kept version ends with exactly
    /// the living notes as they last read, and former versions with none.
    @Test("any course of events ends with the living notes under each kept version", arguments: 1...60)
    func property(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let third = try SmallModel(seed: 3).version
        let harness = try ProfileHarness(ModelChoice(target: first))
        var living: [String: String] = [:]
        var log: [Record] = []
        // As `notestream models promote` would: a swap that is not over leaves the one before it in force.
        func promote(_ version: ModelVersion) {
            let old = harness.models.choice
            guard version.id != old.target.id else { return }
            let inForce = harness.mark == old.target.id ? old.target : old.previous ?? old.target
            let previous = inForce.id == version.id ? nil : inForce
            let gone = (old.former + old.kept.map(\.id)).filter { $0 != version.id && $0 != previous?.id }
            harness.models.choice = ModelChoice(
                target: version, previous: previous, former: Array(Set(gone)).sorted())
        }
        for _ in 0..<40 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: promote([first, second, third].randomElement(using: &random) ?? first)
            case 1: try harness.moveAway(log, losingStore: Bool.random(using: &random))
            case 2:
                let choice = harness.models.choice
                if let previous = choice.previous, harness.mark == choice.target.id {
                    harness.models.choice = ModelChoice(target: choice.target, former: choice.former + [previous.id])
                }
            default:
                let batch = try (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    let id = "n\(Int.random(in: 0..<30, using: &random))"
                    guard Int.random(in: 0..<4, using: &random) > 0 else { return harness.deletion(id) }
                    return try harness.note(id, SmallModel.words(2, using: &random))
                }
                let isDiscarded = Int.random(in: 0..<6, using: &random) == 0
                try harness.feed(batch, isDiscarded: isDiscarded)
                guard !isDiscarded else { continue }
                log += batch
                for record in batch {
                    let id = text(record.key)
                    living[id] = try record.value.map { try Note(json: $0).content }
                }
            }
        }
        try finish(harness)
        let choice = harness.models.choice
        #expect(harness.mark == choice.target.id)
        #expect(harness.isMarked(choice.target))
        for version in [first, second, third] {
            let expected = choice.kept.contains { $0.id == version.id } ? living : [:]
            #expect(try harness.contents(version) == expected, "seed \(seed), version \(version.id)")
        }
    }
}
