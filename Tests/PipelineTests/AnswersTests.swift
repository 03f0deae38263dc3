import EventLog
import NoteLLM
import Pipeline
import Ranking
import Schemas
import Support
import Testing

@Suite("Answers to those who ask")
struct AnswersTests {
    /// A harness with a handful of random notes of three categories, some of them clicked.
    private func harness(seed: UInt64, notes: Int = 24) throws -> RecommendHarness {
        let harness = try RecommendHarness(listSize: 5)
        try harness.assign([0, 1])
        var random = SeededGenerator(seed: seed)
        let categories = ["beer", "wine", "tea"]
        for number in 0..<notes {
            try harness.feed([
                harness.profile(
                    "n\(number)", SmallModel.words(5, using: &random), category: categories[number % 3],
                    time: newYear + Int64(number) * 1_000)
            ])
        }
        for _ in 0..<notes {
            let (a, b) = (Int.random(in: 0..<notes, using: &random), Int.random(in: 0..<notes, using: &random))
            if a != b { try harness.feed([harness.pair("n\(a)", "n\(b)", 0.5)]) }
            try harness.feed([harness.clicks("n\(a)", 1, time: newYear + hour)])
        }
        try harness.drain()
        return harness
    }

    @Test("a list made to order is the one that is sent, unless something else is asked for", arguments: 1...5)
    func asSent(seed: UInt64) throws {
        let harness = try harness(seed: UInt64(seed))
        for (note, sent) in try harness.exactLists() {
            let made = try harness.stage.list(of: bytes(note), ListRequest(count: 5), in: harness.store)
            #expect(made?.items.map { text($0.note) } == sent)
            #expect(made?.version == harness.model.version.id)
        }
        #expect(try harness.stage.list(of: bytes("nobody"), ListRequest(count: 5), in: harness.store) == nil)
    }

    @Test("by category: all of it and nothing else, in the order of the list of everything", arguments: 1...5)
    func category(seed: UInt64) throws {
        let harness = try harness(seed: UInt64(seed))
        let everything = try harness.stage.list(of: bytes("n0"), ListRequest(count: 100), in: harness.store)
        let wine = try harness.stage.list(of: bytes("n0"), ListRequest(count: 100, category: "wine"), in: harness.store)
        let expected = try #require(everything).items.filter { harness.stage.notes[id: $0.note]?.category == "wine" }
        #expect(wine?.items == expected)
        #expect(expected.count == 8)
        let none = try harness.stage.list(of: bytes("n0"), ListRequest(count: 9, category: "ink"), in: harness.store)
        #expect(none?.items.isEmpty == true)
    }

    @Test("next is made of the list and of what is trending, best first, without the note itself", arguments: 1...5)
    func next(seed: UInt64) throws {
        let harness = try harness(seed: UInt64(seed))
        let stage = harness.stage
        let made = try #require(
            try stage.list(of: bytes("n3"), ListRequest(count: 4, isNext: true), in: harness.store))
        let list = try #require(try stage.list(of: bytes("n3"), ListRequest(count: 4), in: harness.store))
        let trending = stage.trendingRecord(nil)
        #expect(made.items.count == 4)
        let known = Set(list.items.map(\.note) + trending.notes.map { bytes($0.note) })
        for item in made.items {
            #expect(known.contains(item.note))
            #expect(item.note != bytes("n3"))
        }
        #expect(made.items.map(\.score) == made.items.map(\.score).sorted(by: >))
    }

    @Test("a search ranks as the whole index would: nearest by the embedding and the words", arguments: 1...5)
    func search(seed: UInt64) throws {
        let harness = try harness(seed: UInt64(seed))
        var random = SeededGenerator(seed: UInt64(seed) + 100)
        let words = SmallModel.words(3, using: &random)
        let query = NoteText(title: "", content: words)
        let vector = harness.model.version.embedding(of: SmallModel.state(of: query))
        let found = try harness.stage.search(
            vector, terms: words.split(separator: " ").map(String.init), .init(count: 6))
        #expect(found.items.count == 6)
        // Exact: every note's cosine, computed here.
        for item in found.items {
            let label = try #require(harness.stage.notes.label(of: item.note))
            let other = try #require(harness.stage.sample(100).notes.first { $0.note == item.note })
            let cosine = zip(other.vector, vector).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(item.features.cosine - cosine) < 1e-5, "\(label)")
        }
        let all = try harness.stage.search(
            vector, terms: words.split(separator: " ").map(String.init), .init(count: 100)
        ).items
        #expect(all.count == 24 && Array(all.prefix(6)) == found.items)
        #expect(all.map(\.score) == all.map(\.score).sorted(by: >))
        let tea = try harness.stage.search(vector, terms: [], .init(count: 100, category: "tea"))
        #expect(tea.items.count == 8)
        #expect(tea.items.allSatisfy { harness.stage.notes[id: $0.note]?.category == "tea" })
    }

    @Test("for a user: nothing they touched, the last note's neighbours before those of earlier ones")
    func user() throws {
        let harness = try RecommendHarness(listSize: 2)
        try harness.assign([0, 1])
        try harness.feed(RecommendStageTests.five(harness))
        try harness.drain()
        let list = try harness.stage.list(
            forWhoTouched: [bytes("a"), bytes("x"), bytes("gone")], ListRequest(count: 10), in: harness.store)
        let ids = list.items.map { text($0.note) }
        #expect(Set(ids) == ["b", "c", "y"])
        // Who touched nothing gets what is trending, of which the harness keeps two.
        #expect(try harness.stage.list(forWhoTouched: [], ListRequest(count: 3), in: harness.store).items.count == 2)
    }

    @Test("the newest notes, and as many of them as there are")
    func newest() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        var random = SeededGenerator(seed: 9)
        var created: [String: Int64] = [:]
        for number in 0..<200 {
            let time = newYear + Int64.random(in: 0..<50, using: &random) * hour
            created["n\(number)"] = time
            try harness.feed([harness.profile("n\(number)", "word1", created: time)])
        }
        let expected = created.sorted {
            $0.value != $1.value ? $0.value > $1.value : bytes($0.key).lexicographicallyPrecedes(bytes($1.key))
        }.map(\.key)
        #expect(harness.stage.newest(7).map { text($0) } == Array(expected.prefix(7)))
        #expect(harness.stage.newest(1_000).map { text($0) } == expected)
        #expect(harness.stage.sample(50).notes.count == 50)
        #expect(harness.stage.sample(1_000).notes.count == 200)
    }

    @Test("the index's recall is sampled only when the stage has nothing else to do")
    func recall() throws {
        let harness = try harness(seed: 1, notes: 40)
        let figures = harness.stage.figures()
        #expect(figures.first { $0.name == "index_recall" }?.value ?? 0 > 0.9)
        #expect(figures.first { $0.name == "index_notes" }?.value == 40)
        #expect(figures.first { $0.name == "lists_sent_total" }?.value ?? 0 >= 40)
        let busy = try RecommendHarness()
        try busy.assign([0, 1])
        for number in 0..<20 { try busy.feed([busy.profile("n\(number)", "word\(number)")]) }
        try busy.feed([busy.profile("late", "word1")], isLive: false)
        #expect(busy.stage.backlog > 0)
        #expect(!busy.stage.figures().contains { $0.name == "index_recall" })
    }
}
