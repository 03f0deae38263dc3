import LanguageModel
import Tensors

/// Trains the language model itself, by an adapter, together with the projection and the temperature, on both losses
/// (paper, sec. 4: generative-contrastive learning and collaborative supervised fine-tuning). The slow mode: seconds a
/// pair, where ``ProjectionTraining`` takes as much for everything.
///
/// A value: equal parents, notes, pairs and settings give equal versions, in one go or across checkpoints.
public struct DeepTraining: Sendable {
    /// What training is asked for.
    public struct Settings: Codable, Sendable, Equatable {
        /// Equal seeds train alike.
        public var seed: UInt64 = 1
        /// How many batches.
        public var steps = 100
        /// Pairs in a batch; fewer where there are fewer.
        public var batch = 8
        /// The adapter's rank.
        public var rank = 8
        /// What multiplies the adapter's change.
        public var scale: Float = 2
        /// The layers that learn, counted from 0; nil: all below the reading.
        public var layers: [Int]?
        /// α, the weight of the generative loss; 0: contrast alone, and no layer above the reading is run.
        public var generativeWeight: Float = 0.01
        /// The part of a batch that writes hashtags; the rest writes categories.
        public var hashtagShare = 0.4
        /// The adapter's highest learning rate.
        public var adapterRate = 1e-3
        /// The projection's and the temperature's.
        public var headRate = 3e-4
        /// Pulls the projection back to where it began.
        public var decay = 0.1
        /// Steps on the way up to the highest learning rates.
        public var warmup = 20
        /// The part of a standardised state's numbers that is left out.
        public var dropout = 0.3
        /// τ at the beginning; it stays within 0 to 4.
        public var temperature: Float = 2.7
        /// All gradients together are cut to this length.
        public var clip = 1.0
        /// Whether layers below the reading are computed again on the way back. Keeping them instead takes some 3 MB a note
        /// and layer for 130 tokens of SmolLM2-135M, and saves up to a third of the time; the result is the same.
        public var recomputes = true

        /// The recipe's settings.
        public init() {}
    }

    /// What one step found.
    public struct Step: Sendable, Equatable {
        /// Counted from 1.
        public let step: Int
        /// L
        public let loss: Double
        /// L_cl
        public let contrastive: Double
        /// L_gen, per token.
        public let generative: Double
        /// τ behind the step.
        public let temperature: Double
        /// Before clipping.
        public let gradientNorm: Double
    }

    /// What training is asked for.
    public let settings: Settings
    /// The version that training began from.
    public let parent: ModelVersion
    /// Steps made.
    private var done = 0

    let base: LanguageModel
    let notes: [TrainingNote]
    private var batches: PairBatches
    private let sequences: DeepSequences
    private let schedule: LearningRateSchedule
    private(set) var learner: DeepLearner<Float>

    /// Training that has not begun.
    ///
    /// - Parameters:
    ///   - parent: its projection and its adapter are where training begins; its reading and standardiser stay.
    ///   - model: the base model, with or without an adapter.
    ///   - notes: the notes to train on.
    ///   - pairs: positions of notes that belong together.
    /// - Throws: ``NoteLLMError`` of kind `tooFewNotes` with fewer than two pairs, or of kind `shape` when a pair names no
    ///   note, the parent has an adapter of another shape or the layers are not the model's.
    public init(
        parent: ModelVersion, model: LanguageModel, notes: [TrainingNote], pairs: [TrainingPair], settings: Settings
    ) throws(NoteLLMError) {
        self.settings = settings
        self.parent = parent
        self.notes = notes
        batches = try PairBatches(pairs, notes: notes.count, size: settings.batch, seed: settings.seed)
        base = model
        sequences = try DeepSequences(model.tokenizer, reading: parent.manifest.reading)
        schedule = LearningRateSchedule(warmup: settings.warmup, steps: settings.steps)
        learner = DeepLearner(
            try Self.objective(parent, model, settings),
            rates: .init(
                adapter: settings.adapterRate, head: settings.headRate, decay: settings.decay, clip: settings.clip))
    }

    private static func objective(
        _ parent: ModelVersion, _ model: LanguageModel, _ settings: Settings
    ) throws(NoteLLMError) -> DeepObjective<Float> {
        let reading = parent.manifest.reading
        let shape = AdapterShape(
            rank: settings.rank, scale: settings.scale, layers: settings.layers ?? Array(0..<reading.layer))
        if let adapter = parent.adapter, adapter.shape != shape {
            throw NoteLLMError(
                .shape,
                "The serving version has an adapter of rank \(adapter.shape.rank) for the layers "
                    + "\(adapter.shape.layers): train that shape on, or begin from a version without an adapter.")
        }
        let layout = AdapterLayout(shape, model.configuration.widths)
        let writes = settings.generativeWeight > 0
        do {
            try layout.check(fits: model.configuration)
            let trainable = try TrainableModel<Float>(
                model.withoutAdapter, layout: layout,
                parameters: parent.adapter?.values ?? layout.initial(seed: settings.seed),
                depth: writes ? model.configuration.layers : reading.layer, writes: writes)
            return DeepObjective(
                model: trainable, projection: parent.head.projection, temperature: settings.temperature,
                means: parent.standardiser.means, scales: parent.standardiser.scales, reading: reading,
                generativeWeight: settings.generativeWeight)
        } catch {
            throw NoteLLMError(.shape, "The language model cannot be trained so. \(error.message)")
        }
    }

    /// Whether all steps are made.
    public var isFinished: Bool { done >= settings.steps }
    /// Steps made, of all.
    public var progress: (done: Int, of: Int) { (done, settings.steps) }
    /// The adapter as it is now.
    public var adapter: Adapter { Adapter(learner.objective.model.layout, values: learner.adapter) }

    /// Makes the next step.
    ///
    /// - Parameter threads: how many notes are read at once; the result does not depend on it.
    /// - Throws: ``NoteLLMError`` of kind `numeric` when a loss is not finite; nothing is changed then.
    public mutating func step(threads: Int = 1) throws(NoteLLMError) -> Step {
        let (result, norm) = try learner.learn(
            batch(at: done), factor: schedule.factor(at: done), threads: threads,
            keeping: settings.recomputes ? .inputs : .everything)
        done += 1
        return Step(
            step: done, loss: result.loss, contrastive: result.contrastive, generative: result.generative,
            temperature: Double(learner.objective.temperature), gradientNorm: norm)
    }

    /// The version that training has made so far: the notes are read again with the adapter, and hashtags and category
    /// fitted on what is read.
    ///
    /// - Parameters:
    ///   - dataRange: where pairs and notes came from, for the record.
    ///   - weighsHashtags: whether the trained model may weigh hashtags, where validation finds that it helps.
    ///   - threads: how many notes are read at once.
    ///   - progress: called from any of the threads, one call at a time, with the number of notes read so far.
    public func version(
        dataRange: [String: [Int64]] = [:], weighsHashtags: Bool = false, threads: Int,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(NoteLLMError) -> ModelVersion {
        let model: LanguageModel
        do {
            model = try base.merging(adapter)
        } catch {
            throw NoteLLMError(.shape, error.message)
        }
        let encoder = try NoteEncoder(model: model, reading: parent.manifest.reading)
        let states = try encoder.pooledStates(of: notes.map(\.text), threads: threads, progress: progress)
        var made = BootstrapSettings(
            baseModelSHA256: parent.manifest.baseModelSHA256, reading: parent.manifest.reading, parent: parent.id,
            listWeights: parent.manifest.listWeights)
        made.embedding = LearnedEmbedding(of: parent, projection: learner.objective.projection, adapter: adapter)
        made.training = TrainingRecord(
            mode: .deep, pairs: batches.pairs.count, steps: done, temperature: Double(learner.objective.temperature),
            settings: try ModelVersion.json(settings), dataRange: dataRange)
        let weighing =
            try weighsHashtags
            ? HashtagWeighing(writer: NoteWriter(model: model, reading: encoder.reading), threads: threads) : nil
        return try Bootstrap.run(notes, states: states, settings: made, weighing: weighing).version
    }

    /// The batch of a step.
    mutating func batch(at step: Int) -> DeepObjective<Float>.Batch {
        var batch = batches.batch(at: step)
        let read = batch.rows.map { row in
            let note = notes[row]
            let output =
                settings.generativeWeight > 0
                ? DeepSequences.output(of: note, asksForHashtags: batch.random.uniform() < settings.hashtagShare)
                : .nothing
            return sequences.sequence(note.text, output: output)
        }
        return DeepObjective.Batch(
            sequences: read, mask: batch.mask, dropout: batch.dropout(settings.dropout, width: parent.width),
            weights: batch.weights)
    }
}

// MARK: - Checkpoints

extension DeepTraining {
    private var here: TrainingProgress<Settings> {
        TrainingProgress(
            step: done, settings: settings, parent: parent.id, notes: notes.count, pairs: batches.pairs.count)
    }

    /// All that a restart needs beside what ``init(parent:model:notes:pairs:settings:)`` takes.
    public func checkpoint() throws(NoteLLMError) -> [UInt8] {
        var file = Safetensors()
        file.metadata["progress"] = try ModelVersion.json(here)
        file.tensors["adapter.values"] = .init(learner.adapter)
        file.tensors["adapter.first"] = .init(learner.adapterOptimiser.moments.first)
        file.tensors["adapter.second"] = .init(learner.adapterOptimiser.moments.second)
        file.tensors["head.values"] = .init(learner.head)
        file.tensors["head.first"] = .init(learner.headOptimiser.moments.first)
        file.tensors["head.second"] = .init(learner.headOptimiser.moments.second)
        return file.encoded()
    }

    /// Goes on from a checkpoint of equal training, bit by bit as without a break.
    ///
    /// - Throws: ``NoteLLMError`` of kind `artefact` when it is damaged, or of kind `shape` when it is of other settings or
    ///   another parent.
    public mutating func restore(_ checkpoint: [UInt8]) throws(NoteLLMError) {
        let file = try ArtefactReader(checkpoint)
        let saved = try TrainingProgress.read(file, for: here, steps: settings.steps)
        let adapter = try file.vector("adapter.values", count: learner.adapter.count)
        let head = try file.vector("head.values", count: learner.head.count)
        learner.restore(
            adapter: adapter, head: head,
            adapterMoments: try file.moments("adapter.", count: adapter.count, steps: saved.step),
            headMoments: try file.moments("head.", count: head.count, steps: saved.step))
        done = saved.step
    }
}
