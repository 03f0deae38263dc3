import EventLog
import NoteLLM
import Pipeline
import Schemas
import Support
import Testing

@Suite("Recommend stage")
struct RecommendStageTests {
    /// Three notes on one thing, two on another.
    static func five(_ harness: RecommendHarness) throws -> [Record] {
        try [
            harness.profile("a", "word1 word2 word3"), harness.profile("b", "word1 word2 word4"),
            harness.profile("c", "word1 word3 word4"), harness.profile("x", "word20 word21 word22"),
            harness.profile("y", "word20 word21 word23"),
        ]
    }

    @Test("a note indexed gets a list, and comes into its neighbours'")
    func indexing() throws {
        let harness = try RecommendHarness(listSize: 2)
        try harness.assign([0, 1])
        let notes = try Self.five(harness)
        try harness.feed([notes[0], notes[1], notes[3], notes[4]])
        try harness.drain()
        #expect(try harness.lists["a"]?.items.first?.note == "b")
        #expect(try harness.lists["a"]?.version == harness.model.version.id)
        try harness.feed([notes[2]])
        let sent = try harness.drain()
        #expect(try harness.lists["c"] != nil)
        #expect(try Set(harness.lists["a"]?.items.map(\.note) ?? []) == ["b", "c"])
        #expect(try Set(harness.lists["b"]?.items.map(\.note) ?? []) == ["a", "c"])
        // Far away, nothing changed and nothing is said.
        #expect(!sent.keys().contains("x"))
    }

    @Test("a deleted note's list goes, and those that name it are sent without it, however low it stood")
    func deletion() throws {
        let harness = try RecommendHarness(listSize: 20)
        try harness.assign([0, 1])
        var random = SeededGenerator(seed: 3)
        for number in 0..<21 {
            try harness.feed([harness.profile("n\(number)", SmallModel.words(6, using: &random))])
        }
        try harness.drain()
        let last = try #require(try harness.lists["n0"]?.items.last?.note)
        try harness.feed([harness.deletion(last)])
        try harness.drain()
        #expect(try harness.lists[last] == nil)
        #expect(harness.outputs.keys().contains(last + "†"))
        for (note, list) in try harness.lists {
            #expect(!list.items.contains { $0.note == last }, "\(note) still names the dead \(last)")
        }
    }

    @Test("an edit is told with the new content's hash; lists it left and lists it entered change")
    func editing() throws {
        let harness = try RecommendHarness(listSize: 1)
        try harness.assign([0, 1])
        try harness.feed(Self.five(harness))
        try harness.drain()
        let before = try #require(try harness.lists["c"]?.contentHash)
        try harness.feed([harness.profile("c", "word20 word21 word22 word23")])
        try harness.drain()
        #expect(try harness.lists["c"]?.contentHash != before)
        #expect(try harness.lists["x"]?.items.map(\.note) == harness.exactLists()["x"])
        #expect(try harness.lists["a"]?.items.map(\.note) == ["b"])
    }

    @Test("clicked together before the other was profiled: it enters when it comes")
    func awaited() throws {
        let harness = try RecommendHarness(listSize: 1)
        try harness.assign([0, 1])
        let notes = try Self.five(harness)
        try harness.feed([notes[0], notes[1], notes[3]])
        try harness.feed([harness.pair("a", "y", 0.7, users: 1), harness.pair("a", "y", 0.3, users: 2)])
        try harness.drain()
        #expect(try harness.lists["a"]?.items.map(\.note) == ["b"])
        try harness.feed([notes[4]])
        try harness.drain()
        #expect(try harness.lists["a"]?.items.map(\.note) == ["y"])
        let first = try #require(try harness.lists["a"]?.items.first)
        #expect(first.reason == "clicked after this by 3 people" && first.users == 3)
    }

    @Test("its list made again in between, the other still enters when it comes, and each time it comes again")
    func awaitedAfterAll() throws {
        let harness = try RecommendHarness(listSize: 1)
        try harness.assign([0, 1])
        let notes = try Self.five(harness)
        try harness.feed([notes[0], notes[1], notes[3]])
        try harness.feed([harness.pair("a", "y"), harness.pair("a", "y"), harness.pair("a", "never", 0.1)])
        try harness.drain()
        // What it awaits is the same, then more, then the same again.
        for pair in [("a", "x"), ("a", "other"), ("a", "x")] {
            try harness.feed([harness.pair(pair.0, pair.1, 0.01)])
            try harness.drain()
        }
        for _ in 0..<2 {
            #expect(try harness.lists["a"]?.items.map(\.note) != ["y"])
            try harness.feed([harness.profile("y", "word20 word21 word23")])
            try harness.drain()
            #expect(try harness.lists["a"]?.items.map(\.note) == ["y"])
            try harness.feed([harness.deletion("y")])
            try harness.drain()
        }
        #expect(try harness.store.rows("awaited") == 3)
    }

    @Test("deleted and posted again, a note awaits the others after a restart too")
    func awaitedAfterRestart() throws {
        let harness = try RecommendHarness(listSize: 1)
        try harness.assign([0, 1])
        let notes = try Self.five(harness)
        try harness.feed([notes[0], notes[1], notes[3], harness.pair("a", "y")])
        try harness.drain()
        try harness.feed([harness.deletion("a")])
        try harness.drain()
        try harness.feed([harness.profile("a", "word1 word2 word3")])
        try harness.drain()
        // The tombstone and the list behind it are read again.
        try harness.restart()
        try harness.drain()
        #expect(try harness.lists["a"]?.items.map(\.note) == ["b"])
        try harness.feed([notes[4]])
        try harness.drain()
        #expect(try harness.lists["a"]?.items.map(\.note) == ["y"])
    }

    @Test("what is awaited is what the window still holds, and goes with the note that awaits it")
    func awaitedRows() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        let notes = try Self.five(harness)
        try harness.feed([notes[0], notes[1]])
        for step in 0..<5 {
            try harness.feed([harness.pair("a", "absent\(step)", time: newYear + Int64(step) * day)])
            try harness.drain()
            #expect(try harness.store.rows("awaited") == min(step + 1, 2))
            #expect(try harness.store.rows("waiting") == 1)
        }
        try harness.feed([harness.deletion("a")])
        try harness.drain()
        #expect(try harness.store.rows("awaited") == 0)
        #expect(try harness.store.rows("waiting") == 0)
        // Posted again, it awaits them again, until its partition is wiped.
        try harness.feed([notes[0]])
        try harness.drain()
        #expect(try harness.store.rows("awaited") == 2)
        try harness.wipe([0, 1])
        #expect(try harness.store.rows("awaited") == 0)
        #expect(try harness.store.rows("waiting") == 0)
    }

    @Test("a note deleted while its partition is elsewhere leaves no mark, and its list goes all the same")
    func deletedElsewhere() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        let notes = (0..<12).map { "n\($0)" }
        try harness.feed(notes.map { try harness.profile($0, "word1 \($0)") })
        try harness.drain()
        #expect(try harness.lists.count == notes.count)
        harness.revoke(0)
        try harness.feed(notes.map { harness.deletion($0) })
        try harness.drain()
        let elsewhere = notes.filter { harness.stage.partition(of: bytes($0)) == 0 }
        #expect(try Set(harness.lists.keys) == Set(elsewhere))
        #expect(try harness.store.rows("due") == 0)
        try harness.assign([0])
        try harness.drain()
        #expect(try harness.lists.isEmpty)
    }

    @Test("a click alone before its own note: the list has it from the start")
    func rowFirst() throws {
        let harness = try RecommendHarness(listSize: 1)
        try harness.assign([0, 1])
        let notes = try Self.five(harness)
        try harness.feed([harness.pair("a", "y")] + notes)
        try harness.drain()
        #expect(try harness.lists["a"]?.items.map(\.note) == ["y"])
    }

    @Test("when the bucket leaves the window, the list is sent again without it")
    func expiry() throws {
        let harness = try RecommendHarness(listSize: 1)
        try harness.assign([0, 1])
        try harness.feed(Self.five(harness) + [harness.pair("a", "y")])
        try harness.drain()
        try harness.feed(harness.announcements(newYear + day))
        #expect(try harness.drain().keys().isEmpty)
        #expect(try harness.lists["a"]?.items.map(\.note) == ["y"])
        #expect(try harness.feed(harness.announcements(newYear + 2 * day)).keys() == ["a"])
        #expect(harness.stage.backlog == 0)
        #expect(try harness.lists["a"]?.items.map(\.note) == harness.exactLists()["a"])
        #expect(try harness.lists["a"]?.items.first?.cooccurrence == 0)
    }

    @Test("a replay says nothing; what it touched is said when it is over")
    func silence() throws {
        let harness = try RecommendHarness(listSize: 1)
        try harness.feed(Self.five(harness))
        try harness.assign([0, 1])
        try harness.drain()
        #expect(try harness.feed([harness.pair("a", "y")], isLive: false).isEmpty)
        #expect(harness.stage.backlog > 0)
        // A process that dies now leaves the mark behind.
        try harness.restart()
        #expect(try harness.drain().keys() == ["a"])
        #expect(try harness.lists["a"]?.items.map(\.note) == ["y"])
    }

    @Test("trending waits for the end of a replay too")
    func silentTrending() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        try harness.feed([harness.profile("a", "word1", category: "beer")], isLive: false)
        #expect(try harness.trending.isEmpty)
        try harness.drain()
        #expect(try Set(harness.trending.keys) == ["*", "beer"])
    }

    @Test("what arrives while nobody owns the partition still reaches the neighbours' lists")
    func nobodyOwns() throws {
        let harness = try RecommendHarness(listSize: 2)
        let notes = try Self.five(harness)
        try harness.assign([0, 1])
        try harness.feed([notes[0], notes[1], notes[3], notes[4]])
        try harness.drain()
        try harness.open()
        try harness.feed([notes[2]])
        try harness.assign([0, 1])
        try harness.drain()
        #expect(try Set(harness.lists["a"]?.items.map(\.note) ?? []) == ["b", "c"])
        #expect(try Set(harness.lists["b"]?.items.map(\.note) ?? []) == ["a", "c"])
    }

    @Test("only lists and categories of owned partitions are sent")
    func ownership() throws {
        let harness = try RecommendHarness()
        try harness.assign([1])
        let notes = (0..<12).map { "n\($0)" }
        try harness.feed(notes.map { try harness.profile($0, "word1 \($0)", category: "beer") })
        try harness.drain()
        let sent = harness.outputs.filter { $0.topic == "note-recommendations" }
        #expect(!sent.isEmpty)
        #expect(sent.allSatisfy { $0.partition == 1 })
        let owned = notes.filter { harness.stage.partition(of: bytes($0)) == 1 }
        #expect(Set(sent.keys()) == Set(owned))
        try harness.assign([0])
        try harness.drain()
        #expect(try harness.lists.count == notes.count)
        #expect(try Set(harness.trending.keys) == ["*", "beer"])
    }

    @Test("trending names the newest and busiest of each category, and forgets clicks as hours pass")
    func trending() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        for (index, note) in ["a", "b", "c", "d"].enumerated() {
            try harness.feed([
                harness.profile(note, "word\(index)", category: index < 3 ? "beer" : "wine", time: newYear)
            ])
        }
        try harness.feed([harness.clicks("a", 5, time: newYear + hour)])
        try harness.drain()
        #expect(try harness.trending["beer"]?.notes.first?.note == "a")
        #expect(try harness.trending["beer"]?.notes.first?.recentClicks == 5)
        #expect(try harness.trending["wine"]?.notes.map(\.note) == ["d"])
        // Another note's click, 30 hours on: a's clicks are of the window, but recent no longer.
        try harness.feed([harness.clicks("d", 1, time: newYear + 30 * hour)])
        try harness.drain()
        let old = try #require(try harness.trending["beer"]?.notes.first { $0.note == "a" })
        #expect(old.clicks == 5)
        #expect(old.recentClicks == 0)
        // After a start the same is known.
        let before = try harness.trending
        try harness.restart()
        try harness.drain()
        #expect(try harness.trending == before)
        try harness.feed([harness.deletion("d")])
        try harness.drain()
        #expect(try harness.trending["wine"] == nil)
    }

    @Test("an edit and a deletion in one batch, in both orders")
    func oneBatch() throws {
        let harness = try RecommendHarness(listSize: 2)
        try harness.assign([0, 1])
        try harness.feed(Self.five(harness))
        try harness.drain()
        try harness.feed([harness.profile("a", "word5 word6"), harness.deletion("a")])
        try harness.drain()
        #expect(try harness.lists["a"] == nil)
        try harness.feed([harness.deletion("b"), harness.profile("b", "word5 word6"), harness.pair("b", "x")])
        try harness.drain()
        #expect(try harness.lists["b"]?.contentHash == ContentHash(NoteText(title: "", content: "word5 word6")).hex)
        #expect(try harness.lists["b"]?.items.first?.note == "x")
        for list in try harness.lists.values { #expect(!list.items.contains { $0.note == "a" }) }
    }

    @Test("profiles that cannot be indexed are refused, not half taken")
    func poison() throws {
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        var record = try harness.profile("a", "word1")
        for embedding in [[Float](repeating: 3e38, count: 8), [1, 2], []] {
            var profile = try NoteProfile.decode(try harness.profile("a", "word1"))
            profile.embedding = embedding
            record.value = try profile.encode(as: .protobuf)
            record.headers = [Header(ContentType.headerName, ContentType.protobuf.rawValue)]
            #expect(throws: SchemaError.self) { try harness.feed([record]) }
        }
        try harness.drain()
        #expect(harness.outputs.keys().isEmpty)
        #expect(harness.stage.notes.count == 0)
    }

    /// Weights without the lexical part, whose statistics shift for all pairs with each note.
    static let steady = ["cosine": 1.0, "lexical": 0, "cooccurrence": 2]

    @Test("whatever happens, the last lists are those of the present state", arguments: 1...14)
    func property(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let harness = try RecommendHarness(listSize: 3, weights: Self.steady)
        let ids = (0..<14).map { "n\($0)" }
        var time = newYear
        try harness.assign([0, 1])
        for _ in 0..<40 {
            var records: [Record] = []
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                let id = ids[Int.random(in: 0..<ids.count, using: &random)]
                let other = ids[Int.random(in: 0..<ids.count, using: &random)]
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    records.append(try harness.profile(id, SmallModel.words(4, of: 15, using: &random), time: time))
                case 4: records.append(harness.deletion(id))
                case 5 where Int.random(in: 0..<3, using: &random) == 0:
                    time += day
                    records += try harness.announcements(time)
                default: records.append(try harness.pair(id, other, 0.3, time: time))
                }
            }
            if harness.owned.count < 2 { records.removeAll { $0.topic == "cooccurrence" } }
            let outcome: RecommendHarness.Outcome =
                Int.random(in: 0..<4, using: &random) == 0
                ? [.aborted, .crashed].randomElement(using: &random) ?? .aborted : .committed
            try harness.feed(records, outcome)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: try harness.restart()
            case 1: harness.revoke(Int32.random(in: 0..<2, using: &random))
            case 2: try harness.assign(Set<Int32>([0, 1]).subtracting(harness.owned))
            default: break
            }
        }
        try harness.assign(Set<Int32>([0, 1]).subtracting(harness.owned))
        try harness.drain()
        #expect(try harness.lists.mapValues { $0.items.map(\.note) } == harness.exactLists())
    }

    @Test("two batchings of the same records end in the same lists", arguments: 1...6)
    func batchings(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let first = try RecommendHarness()
        let second = try RecommendHarness()
        var records: [Record] = []
        for step in 0..<80 {
            let id = "n\(Int.random(in: 0..<12, using: &random))"
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1: records.append(try first.profile(id, SmallModel.words(5, using: &random)))
            case 2: records.append(first.deletion(id))
            default: records.append(try first.pair(id, "n\(step % 12)", 0.2))
            }
        }
        for harness in [first, second] {
            try harness.assign([0, 1])
            var rest = records[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...20, using: &random)
                try harness.feed(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            try harness.drain()
        }
        #expect(try first.exactLists() == second.exactLists())
        #expect(try Set(first.lists.keys) == Set(second.lists.keys))
    }
}
