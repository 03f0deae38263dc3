import EventLog
import NoteLLM
import Pipeline
import Schemas
import StateStore
import Support
import Testing

@Suite("Profile stage")
struct ProfileStageTests {
    final class Harness {
        let model: SmallModel
        let stage: ProfileStage
        private let folder: TemporaryFolder
        private let store: Store
        private let topics: Topics
        private var offset: Int64 = 0

        init(knownVersions: [String] = []) throws {
            model = try SmallModel()
            folder = try TemporaryFolder()
            store = try Store(path: folder.path + "/store", families: ProfileStage.families)
            topics = try PipelineTests.topics()
            stage = ProfileStage(version: model.version, knownVersions: knownVersions, reader: model)
        }

        func note(_ id: String, _ content: String, hashtags: [String] = []) throws -> Record {
            offset += 1
            let note = Note(
                id: id, title: "T", content: content, hashtags: hashtags, time: Timestamp(milliseconds: newYear))
            return Record(
                topicPartition: TopicPartition("notes", 0), offset: offset, timestamp: newYear, key: bytes(id),
                value: try note.encode(as: .json))
        }

        func deletion(_ id: String) -> Record {
            Record(
                topicPartition: TopicPartition("notes", 0), offset: 0, timestamp: newYear, key: bytes(id), value: nil)
        }

        func feed(_ records: [Record], isDiscarded: Bool = false) throws -> [OutgoingRecord] {
            let batch = StageBatch(changes: store.makeBatch(), topics: topics)
            for record in records { try stage.process(stage.decode(record), of: 0, in: batch) }
            try stage.finish(batch)
            guard !isDiscarded else {
                batch.changes.discard()
                try stage.reload()
                return batch.outputs
            }
            try batch.changes.commit()
            return batch.outputs
        }
    }

    @Test("a note comes out with its texts, hash and embedding, where its id belongs")
    func profile() throws {
        let harness = try Harness()
        let sent = try harness.feed([harness.note("a", "word1 word2", hashtags: ["own"])])
        #expect(sent.count == 1)
        let output = try #require(sent.first)
        #expect(text(output.key) == "a@" + harness.model.version.id)
        #expect(output.partition == Partitioner.partition(for: bytes("a"), count: 2))
        let profile = try NoteProfile(json: try #require(output.value))
        #expect(profile.content == "word1 word2")
        #expect(profile.authorHashtags == ["own"])
        #expect(profile.time?.milliseconds == newYear)
        let expected = harness.model.version.profile(
            pooled: SmallModel.state(of: NoteText(title: "T", content: "word1 word2")),
            text: NoteText(title: "T", content: "word1 word2"))
        #expect(profile.embedding == expected.embedding)
    }

    @Test("an edit that changes nothing says nothing; after a discarded batch it is said again")
    func noOperation() throws {
        let harness = try Harness()
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
        let harness = try Harness(knownVersions: ["old", "older"])
        let note = try harness.note("a", "word1")
        _ = try harness.feed([note])
        let sent = try harness.feed([harness.deletion("a")])
        #expect(Set(sent.keys("note-profiles")) == Set(["old", "older", harness.model.version.id].map { "a@\($0)†" }))
        #expect(sent.allSatisfy { $0.partition == Partitioner.partition(for: bytes("a"), count: 2) })
        #expect(try harness.feed([note]).count == 1)
    }

    @Test("an edit and a deletion in one batch, in both orders: the last one counts")
    func oneBatch() throws {
        let harness = try Harness()
        let key = "a@" + harness.model.version.id
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
        let small = try SmallModel()
        // A version for another base model refuses this one.
        #expect(throws: NoteLLMError.self) { try NoteReader(small.version, modelPath: path, threads: 1) }
    }
}
