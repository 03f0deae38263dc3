import CoOccurrence
import Evaluation
import Foundation
import LanguageModel
import NoteLLM
import Retraining
import Support
import Testing

@Suite struct TrainerTests {
    // MARK: - What lies on the disk

    @Test func onlyNewTextsAreReadAndAStopKeepsWhatWasRead() throws {
        let folder = try TemporaryFolder()
        let texts = (0..<40).map { NoteText(title: "Note \($0)") }
        var read: [String] = []
        func states(_ texts: [NoteText], key: String = "a", stopAfter: Int = .max) throws -> [[Float]]? {
            let cache = try StateCache(path: folder.path + "/states")
            var looks = 0
            return try cache.states(
                of: texts, readingKey: key,
                isStopped: {
                    looks += 1
                    return looks > stopAfter
                }, progress: { _, _ in },
                read: { texts in
                    read += texts.map(\.title)
                    return texts.map { [Float($0.title.utf8.count), 0.5] }
                })
        }
        #expect(try states(texts, stopAfter: 1) == nil)
        let first = read.count
        #expect(first > 0 && first < 40)
        let all = try #require(try states(texts))
        #expect(all == texts.map { [Float($0.title.utf8.count), 0.5] })
        #expect(read == texts.map(\.title), "each text once")
        #expect(try states(texts + [NoteText(title: "New")])?.count == 41)
        #expect(read.last == "New" && read.count == 41)
        _ = try states(Array(texts.prefix(3)), key: "b")
        #expect(read.count == 44, "another reading has states of its own")
    }

    @Test func aCheckpointIsThereWholeOrNotAtAll() throws {
        let folder = try TemporaryFolder()
        let file = CheckpointFile(folder: folder.path)
        #expect(file.load() == nil)
        var checkpoint = Checkpoint(fingerprint: "f", ends: ["clicks": [3, 4]])
        checkpoint.chooseMRRs = [0.25]
        checkpoint.training = Data([1, 2, 3])
        try file.save(checkpoint)
        #expect(file.load() == checkpoint)
        try Data([1, 2]).write(to: URL(filePath: file.path))
        #expect(file.load() == nil, "a damaged one starts over")
        file.remove()
        #expect(!FileManager.default.fileExists(atPath: file.path))
        #expect(throws: RetrainError.self) { try CheckpointFile(folder: folder.path + "/none").save(checkpoint) }
    }

    // MARK: - A whole training

    /// A simulated log as a snapshot.
    private static func snapshot() -> Snapshot {
        let log = Simulation(SimulationSettings(notes: 60, clicks: 900, users: 60, days: 6))
        return Snapshot(
            notes: log.notes, clicks: log.clicks.map { .click(user: $0.user, note: $0.note, time: $0.time) },
            ends: ["clicks": [900]])
    }

    @Test(.enabled(if: BaseModel.path != nil, "the base model is not here; set NOTESTREAM_MODEL"))
    func aTrainingThatIsStoppedAgainAndAgainEndsAlike() throws {
        let model = try LanguageModel(path: #require(BaseModel.path))
        let snapshot = Self.snapshot()
        let notes = snapshot.notes.map {
            TrainingNote(
                text: NoteText(title: $0.title, content: $0.content), hashtags: $0.hashtags, category: $0.category,
                time: $0.created)
        }
        let reading = Reading(layer: 2, pooling: .mean)
        let states = try NoteEncoder(model: model, reading: reading).pooledStates(of: notes.map(\.text), threads: 2)
        let serving = try Bootstrap.run(
            notes, states: states, settings: BootstrapSettings(baseModelSHA256: "base", reading: reading)
        ).version
        var settings = Trainer.Settings()
        settings.steps = 25
        settings.threads = 2
        /// Runs until it ends, stopped at every `looks`-th look at the stop signal.
        func train(_ folder: TemporaryFolder, looks: Int) throws -> (outcome: Trainer.Outcome, runs: Int) {
            var runs = 0
            while true {
                var left = looks
                let trainer = try Trainer(
                    snapshot, serving: serving, settings: settings,
                    around: Trainer.Surroundings(
                        model: model, sha256: "base", states: StateCache(path: folder.path + "/states"),
                        checkpoint: CheckpointFile(folder: folder.path),
                        isStopped: {
                            left -= 1
                            return left < 0
                        }))
                runs += 1
                if let outcome = try trainer.run() { return (outcome, runs) }
                try #require(runs < 100)
            }
        }
        let calm = try TemporaryFolder()
        let rough = try TemporaryFolder()
        let whole = try train(calm, looks: .max)
        let parts = try train(rough, looks: 9)
        #expect(whole.runs == 1 && parts.runs > 5)
        #expect(parts.outcome.version.id == whole.outcome.version.id)
        #expect(parts.outcome.losses == whole.outcome.losses)
        #expect(parts.outcome.report.verdict == whole.outcome.report.verdict)
        #expect(whole.outcome.report.candidates.count == 3)
        #expect(whole.outcome.version.manifest.parent == serving.id)
        // Who could not publish it makes it again from the checkpoint, with a few steps at most.
        let again = try train(rough, looks: 40)
        #expect(again.runs == 1 && again.outcome.version.id == whole.outcome.version.id)
        #expect(whole.outcome.report.pairs["gate"] ?? 0 > 0)
    }

    @Test(.enabled(if: BaseModel.path != nil, "the base model is not here; set NOTESTREAM_MODEL"))
    func tooFewClicksAreAnErrorInPlainWords() throws {
        let model = try LanguageModel(path: #require(BaseModel.path))
        let snapshot = Snapshot(notes: Self.snapshot().notes, clicks: [])
        let serving = try Bootstrap.run(
            (0..<10).map { TrainingNote(text: NoteText(title: "Note \($0)"), time: 0) },
            states: (0..<10).map { n in (0..<8).map { Float(n * $0 % 7) } },
            settings: BootstrapSettings(baseModelSHA256: "base", dimension: 4)
        ).version
        let folder = try TemporaryFolder()
        let error = #expect(throws: RetrainError.self) {
            try Trainer(
                snapshot, serving: serving, settings: Trainer.Settings(),
                around: Trainer.Surroundings(
                    model: model, sha256: "base", states: StateCache(path: folder.path + "/states"),
                    checkpoint: CheckpointFile(folder: folder.path), isStopped: { false }))
        }
        #expect(error?.kind == .data)
    }
}
