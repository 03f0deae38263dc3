import EventLog
import NoteLLM
import Pipeline
import Schemas
import StateStore
import Support
import Testing

@Suite("Profile stage")
struct ProfileStageTests {
    let model: SmallModel

    init() throws { model = try SmallModel() }

    func harness(former: [String] = []) throws -> ProfileHarness {
        try ProfileHarness(ModelChoice(target: model.version, former: former))
    }

    @Test("a note comes out with its texts, hash and embedding, where its id belongs")
    func profile() throws {
        let harness = try harness()
        let sent = try harness.feed([harness.note("a", "word1 word2", hashtags: ["own"])])
        #expect(sent.count == 1)
        let output = try #require(sent.first)
        #expect(text(output.key) == "a@" + model.version.id)
        #expect(output.partition == Partitioner.partition(for: bytes("a"), count: 2))
        let profile = try NoteProfile(json: try #require(output.value))
        #expect(profile.content == "word1 word2")
        #expect(profile.authorHashtags == ["own"])
        #expect(profile.time?.milliseconds == newYear)
        let expected = model.version.profile(
            pooled: SmallModel.state(of: NoteText(title: "T", content: "word1 word2")),
            text: NoteText(title: "T", content: "word1 word2"))
        #expect(profile.embedding == expected.embedding)
    }

    @Test("an edit that changes nothing says nothing; after a discarded batch it is said again")
    func noOperation() throws {
        let harness = try harness()
        let note = try harness.note("a", "word1")
        #expect(try harness.feed([note], isDiscarded: true).count == 1)
        #expect(try harness.feed([note]).count == 1)
        #expect(try harness.feed([note, note]).isEmpty)
        #expect(try harness.feed([harness.note("a", "word1", hashtags: ["new"])]).count == 1)
        #expect(try harness.feed([harness.note("a", "word2")]).count == 1)
        #expect(try harness.feed([note]).count == 1)
    }

    @Test("a deletion takes back every version's profile, and the next edit is profiled")
    func deletion() throws {
        let harness = try harness(former: ["old", "older"])
        let note = try harness.note("a", "word1")
        let sent = try harness.feed([note, harness.deletion("a")])
        let own = sent.filter { text($0.key).hasPrefix("a@") }
        #expect(Set(own.keys("note-profiles")) == Set(["old", "older", model.version.id].map { "a@\($0)†" }))
        #expect(own.allSatisfy { $0.partition == Partitioner.partition(for: bytes("a"), count: 2) })
        #expect(try harness.feed([note]).count == 1)
    }

    @Test("an edit and a deletion in one batch, in both orders: the last one counts")
    func oneBatch() throws {
        let harness = try harness()
        let key = "a@" + model.version.id
        #expect(
            try harness.feed([harness.note("a", "word1"), harness.deletion("a")]).keys("note-profiles") == [key + "†"])
        #expect(
            try harness.feed([harness.deletion("a"), harness.note("a", "word1")]).keys("note-profiles")
                == [key + "†", key])
        let edits = try harness.feed([harness.note("a", "word2"), harness.note("a", "word3")])
        #expect(try NoteProfile(json: edits.last?.value ?? []).content == "word3")
    }

    @Test(
        "the base model reads the same profile from its cache",
        .enabled(if: Support.BaseModel.path != nil, "the base model is not here; set NOTESTREAM_MODEL"))
    func baseModel() throws {
        let path = try #require(Support.BaseModel.path)
        // A version for another base model refuses this one.
        let readers = try NoteReaders(modelPath: path, threads: 1)
        #expect(throws: NoteLLMError.self) { try readers.reader(of: model.version) }
    }
}
