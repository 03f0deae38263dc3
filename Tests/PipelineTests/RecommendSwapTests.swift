import EventLog
import NoteLLM
import Pipeline
import Schemas
import Support
import Testing

@Suite("Recommend stage, from one generation to the next")
struct RecommendSwapTests {
    let second: ModelVersion

    init() throws { second = try SmallModel(seed: 2).version }

    static func contents(_ count: Int, seed: UInt64 = 1) -> [(id: String, content: String)] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { ("n\($0)", SmallModel.words(4, of: 12, using: &random)) }
    }

    /// Every list is of one version and as long as it can be.
    func expectLists(
        _ harness: RecommendHarness, of version: ModelVersion, notes: Int, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let lists = try harness.lists
        #expect(lists.count == notes, sourceLocation: location)
        #expect(lists.values.allSatisfy { $0.version == version.id }, sourceLocation: location)
        #expect(lists.values.allSatisfy { !$0.items.isEmpty }, sourceLocation: location)
    }

    @Test("lists stay with the old version until all markers are there, then all are of the new one")
    func flip() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        let notes = Self.contents(20)
        try harness.feed(notes.map { try harness.profile($0.id, $0.content) })
        try harness.drain()
        harness.models.choice = ModelChoice(target: second, previous: harness.model.version)
        try harness.feed(notes.map { try harness.profile($0.id, $0.content, under: second) })
        let markers = try harness.markers(of: second)
        try harness.feed(Array(markers.dropLast()))
        try harness.drain()
        try expectLists(harness, of: harness.model.version, notes: 20)
        try harness.feed([#require(markers.last)])
        try harness.drain()
        try expectLists(harness, of: second, notes: 20)
        #expect(try harness.trending["*"]?.version == second.id)
        #expect(harness.stage.serving.version.id == second.id)
    }

    @Test("going back needs nothing sent anew, and going forward again neither")
    func rollback() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        let first = harness.model.version
        let notes = Self.contents(20)
        try harness.feed(notes.map { try harness.profile($0.id, $0.content) })
        try harness.feed(harness.markers(of: first))
        harness.models.choice = ModelChoice(target: second, previous: first)
        try harness.feed(notes.map { try harness.profile($0.id, $0.content, under: second) })
        try harness.feed(harness.markers(of: second))
        try harness.drain()
        try expectLists(harness, of: second, notes: 20)
        // A note that came meanwhile has profiles under both.
        try harness.feed([
            harness.profile("late", "word1 word2"), harness.profile("late", "word1 word2", under: second),
        ])
        for version in [first, second, first] {
            let other = version.id == first.id ? second : first
            harness.models.choice = ModelChoice(target: version, previous: other)
            try harness.drain()
            try expectLists(harness, of: version, notes: 21)
        }
    }

    @Test("an edit and a deletion during the swap count under both versions")
    func meanwhile() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        let first = harness.model.version
        let notes = Self.contents(12)
        try harness.feed(notes.map { try harness.profile($0.id, $0.content) })
        harness.models.choice = ModelChoice(target: second, previous: first)
        try harness.feed(notes.map { try harness.profile($0.id, $0.content, under: second) })
        let edited = notes[0].content + " word11"
        try harness.feed([
            harness.profile("n0", edited), harness.profile("n0", edited, under: second), harness.deletion("n1"),
            harness.deletion("n1", under: second),
        ])
        try harness.feed(harness.markers(of: second))
        try harness.drain()
        try expectLists(harness, of: second, notes: 11)
        #expect(try harness.lists["n0"]?.contentHash == ContentHash(NoteText(title: "", content: edited)).hex)
        #expect(try harness.lists.values.allSatisfy { !$0.items.map(\.note).contains("n1") })
    }

    /// The same course of events with and without accidents ends with the same lists, each of one version all along.
    @Test("whatever happens on the way, the lists end up as if nothing had", arguments: 1...30)
    func property(seed: UInt64) throws {
        let calm = try course(seed, accidents: false)
        let rough = try course(seed, accidents: true)
        #expect(try rough.exactLists() == calm.exactLists())
        #expect(rough.stage.serving.version.id == second.id)
        try expectLists(rough, of: second, notes: calm.stage.notes.count)
        #expect(try rough.lists.keys.sorted() == calm.lists.keys.sorted())
        #expect(try rough.trending == calm.trending)
    }

    private func course(_ seed: UInt64, accidents: Bool) throws -> RecommendHarness {
        var random = SeededGenerator(seed: seed)
        var chance = SeededGenerator(seed: seed &+ 1_000)
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        let first = harness.model.version
        func feed(_ records: [Record]) throws {
            let outcomes: [RecommendHarness.Outcome] = [.committed, .committed, .aborted, .crashed]
            try harness.feed(records, accidents ? outcomes.randomElement(using: &chance) ?? .committed : .committed)
            guard accidents, Int.random(in: 0..<5, using: &chance) == 0 else { return }
            try Bool.random(using: &chance) ? harness.restart() : harness.comeBack()
        }
        let notes = Self.contents(15, seed: seed)
        try feed(notes.map { try harness.profile($0.id, $0.content) } + harness.markers(of: first))
        harness.models.choice = ModelChoice(target: second, previous: first)
        for round in 0..<6 {
            var records: [Record] = []
            for note in notes where Int(note.id.dropFirst()).map({ $0 % 6 == round }) == true {
                records.append(try harness.profile(note.id, note.content, under: second))
            }
            let id = "x\(Int.random(in: 0..<4, using: &random))"
            if Int.random(in: 0..<3, using: &random) > 0 {
                let content = SmallModel.words(4, of: 12, using: &random)
                records += [
                    try harness.profile(id, content), try harness.profile(id, content, under: second),
                ]
            } else {
                records += [harness.deletion(id), harness.deletion(id, under: second)]
            }
            records.append(try harness.pair("n1", "n2", 0.5))
            try feed(records)
        }
        try feed(harness.markers(of: second))
        try harness.drain()
        return harness
    }
}
