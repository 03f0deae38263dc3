import Foundation
import LanguageModel
import NoteLLM
import Support
import Testing

private let sharedModel: LanguageModel? = BaseModel.path.flatMap { try? LanguageModel(path: $0) }

/// Deep training on the base model, as small as it goes: two layers are read.
@Suite(.enabled(if: sharedModel != nil, "the base model's file is absent"))
struct DeepTrainingTests {
    let model: LanguageModel
    let parent: ModelVersion
    let notes: [TrainingNote]
    let pairs: [TrainingPair]

    init() throws {
        model = try #require(sharedModel)
        let reading = Reading(layer: 2, pooling: .mean)
        var corpus = Corpus(count: 12, themes: 3)
        corpus.states = try NoteEncoder(model: model, reading: reading)
            .pooledStates(of: corpus.notes.map(\.text), threads: 2)
        notes = corpus.notes
        parent = try corpus.bootstrap { $0.reading = reading }
        // A note belongs with the next one of its theme.
        var pairs: [TrainingPair] = []
        for (i, note) in corpus.notes.enumerated() {
            let next = corpus.notes.indices.first { $0 > i && corpus.notes[$0].hashtags[0] == note.hashtags[0] }
            if let next { pairs.append(TrainingPair(source: i, target: next)) }
        }
        self.pairs = pairs
    }

    private func training(
        _ parent: ModelVersion? = nil, change: (inout DeepTraining.Settings) -> Void = { _ in }
    ) throws -> DeepTraining {
        var settings = DeepTraining.Settings()
        settings.steps = 6
        settings.batch = 3
        settings.rank = 2
        settings.warmup = 1
        // Contrast alone: the layers above the reading are most of the time.
        settings.generativeWeight = 0
        change(&settings)
        return try DeepTraining(
            parent: parent ?? self.parent, model: model, notes: notes, pairs: pairs, settings: settings)
    }

    @Test func aCheckpointGoesOnBitByBit() throws {
        var whole = try training()
        var losses: [DeepTraining.Step] = []
        while !whole.isFinished { losses.append(try whole.step(threads: 2)) }
        #expect(whole.progress == (6, 6))

        var first = try training()
        for _ in 0..<2 { _ = try first.step() }
        var second = try training()
        try second.restore(first.checkpoint())
        #expect(second.progress == (2, 6))
        #expect(try second.step() == losses[2])
        while !second.isFinished { _ = try second.step() }
        #expect(try second.checkpoint() == whole.checkpoint())
        #expect(second.adapter == whole.adapter)
    }

    @Test func checkpointsOfOtherTrainingAreRefused() throws {
        let checkpoint = try training().checkpoint()
        var other = try training { $0.seed = 2 }
        #expect { try other.restore(checkpoint) } throws: { ($0 as? NoteLLMError)?.kind == .shape }
        var same = try training()
        #expect { try same.restore(Array(checkpoint.dropLast(9))) } throws: {
            ($0 as? NoteLLMError)?.kind == .artefact
        }
    }

    @Test func trainingMakesAVersionThatReadsWithItsAdapter() throws {
        var training = try training {
            $0.steps = 18
            $0.dropout = 0
            $0.adapterRate = 3e-4
            $0.headRate = 1e-3
            $0.warmup = 4
        }
        var losses: [Double] = []
        while !training.isFinished { losses.append(try training.step(threads: 2).loss) }
        // Three batches are an epoch.
        #expect(losses.suffix(3).reduce(0, +) < losses.prefix(3).reduce(0, +))
        let version = try training.version(dataRange: ["clicks/0": [3, 9]], threads: 2)
        #expect(version.adapter == training.adapter)
        #expect(version.manifest.adapter == AdapterShape(rank: 2, layers: 0..<2))
        #expect(version.manifest.parent == parent.id)
        #expect(version.hashtags == parent.hashtags)
        #expect(version.manifest.training?.mode == .deep && version.manifest.training?.steps == 18)
        #expect(version.manifest.training?.dataRange == ["clicks/0": [3, 9]])
        #expect(version.readingKey != parent.readingKey)

        // The artefact alone is enough to read and profile as the version does.
        let copy = try ModelVersion(artefact: version.artefact)
        #expect(copy.id == version.id && copy.readingKey == version.readingKey && copy.adapter == version.adapter)
        let encoder = try copy.makeEncoder(model: model, baseModelSHA256: "base")
        let state = try encoder.pooledState(of: notes[0].text)
        #expect(state != (try parent.makeEncoder(model: model, baseModelSHA256: "base").pooledState(of: notes[0].text)))
        #expect(copy.profile(pooled: state, text: notes[0].text) == version.profile(pooled: state, text: notes[0].text))
        // Whoever has merged already merges no second time.
        let merged = try copy.languageModel(over: model)
        #expect(try copy.languageModel(over: merged) === merged)
        #expect(try parent.languageModel(over: model) === model)

        // A deep version is trained on, in the same shape alone.
        let next = try self.training(version)
        #expect(next.adapter == version.adapter)
        #expect { try self.training(version) { $0.rank = 3 } } throws: { ($0 as? NoteLLMError)?.kind == .shape }
        // Other weights of lists are another version with the same adapter.
        #expect(try version.with(listWeights: [:]).adapter == version.adapter)
    }

    @Test func bothLossesAreWorkedOn() throws {
        var training = try training {
            $0.generativeWeight = 0.5
            $0.batch = 2
            $0.adapterRate = 1e-2
        }
        let first = try training.step(threads: 2)
        #expect(first.generative > 0 && first.contrastive > 0)
        #expect(abs(first.loss - (first.contrastive + 0.5 * first.generative) / 1.5) < 1e-9)
        #expect(first.gradientNorm > 0)
    }

    @Test func whatCannotBeTrainedIsRefused() throws {
        #expect { try training { $0.batch = 1 } } throws: { ($0 as? NoteLLMError)?.kind == .tooFewNotes }
        #expect { try training { $0.layers = [40] } } throws: { ($0 as? NoteLLMError)?.kind == .shape }
        #expect {
            try DeepTraining(
                parent: parent, model: model, notes: notes,
                pairs: Array(repeating: TrainingPair(source: 0, target: 99), count: 8), settings: .init())
        } throws: { ($0 as? NoteLLMError)?.kind == .shape }
    }

    /// Adapters of all layers leave room for the rest of a version.
    @Test func anAdapterOfAllLayersFitsTheArtefact() throws {
        let layout = AdapterLayout(
            AdapterShape(rank: 8, layers: 0..<model.configuration.layers), model.configuration.widths)
        let bytes = Safetensors(tensors: Adapter(layout, values: layout.initial(seed: 1)).tensors()).encoded().count
        #expect(bytes < 10 << 20)
        #expect(bytes < ModelVersion.maximumArtefactBytes * 5 / 8)
    }
}

@Suite(.enabled(if: sharedModel != nil, "the base model's file is absent"))
struct DeepSequenceTests {
    let tokenizer: Tokenizer
    let note = NoteText(title: "Grandmother's soup", content: "Boil the carrots.")

    init() throws { tokenizer = try #require(sharedModel).tokenizer }

    private func text(_ tokens: [Int32]) -> String { String(decoding: tokenizer.decode(tokens), as: UTF8.self) }

    @Test func writtenNotesAreTheServedPromptWithTheOutputBehind() throws {
        let prompt = NotePrompt()
        let parts = prompt.tokens(of: note, by: tokenizer)
        for pooling in [Reading.Pooling.mean, .lastToken] {
            let sequences = try DeepSequences(tokenizer, reading: Reading(layer: 2, pooling: pooling))
            let written = sequences.sequence(note, output: .hashtags(["soup", "slow-cooking"]))
            let start = parts.prefix + parts.body + parts.suffix
            #expect(Array(written.tokens.prefix(start.count)) == start)
            #expect(
                text(written.tokens).hasSuffix("The compression word is:\"\". The 2 topics are: soup, slow-cooking"))
            // Every token of the output is predicted from the row before it, the last of them is the end.
            #expect(written.targets.dropLast().allSatisfy { written.tokens[$0.row + 1] == $0.token })
            #expect(text(written.targets.dropLast().map(\.token)) == " soup, slow-cooking")
            #expect(written.targets.last?.token == tokenizer.endOfText)
            #expect(written.targets.last?.row == written.tokens.count - 1)
            #expect(
                written.targets.map(\.row) == Array(written.tokens.count - written.targets.count..<written.tokens.count)
            )

            let filed = sequences.sequence(note, output: .category("food"))
            #expect(text(filed.tokens).hasSuffix("\". The category is: food"))
            let read = sequences.sequence(note, output: .nothing)
            #expect(read.targets.isEmpty)
            switch pooling {
            case .mean:
                #expect(read.tokens == parts.prefix + parts.body)
                #expect(read.pooled == parts.prefix.count..<read.tokens.count)
            case .lastToken:
                #expect(read.tokens == start)
                #expect(read.pooled == start.count - 1..<start.count)
            }
            #expect(written.pooled == read.pooled && filed.pooled == read.pooled)
        }
    }

    @Test func whatIsWrittenIsWhatTheNoteHas() {
        func output(_ hashtags: [String], _ category: String, asksForHashtags: Bool) -> DeepSequences.Output {
            DeepSequences.output(
                of: TrainingNote(text: note, hashtags: hashtags, category: category, time: 0),
                asksForHashtags: asksForHashtags)
        }
        #expect(output(["a", "b"], "c", asksForHashtags: true) == .hashtags(["a", "b"]))
        #expect(output(["a", "b"], "c", asksForHashtags: false) == .category("c"))
        #expect(output([], "c", asksForHashtags: true) == .category("c"))
        #expect(output(["a"], "", asksForHashtags: false) == .hashtags(["a"]))
        #expect(output([], "", asksForHashtags: true) == .nothing)
        #expect(
            output(["1", "2", "3", "4", "5", "6"], "", asksForHashtags: true) == .hashtags(["1", "2", "3", "4", "5"]))
    }
}
