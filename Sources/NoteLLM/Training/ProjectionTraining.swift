import Foundation
import Tensors

/// Trains the projection on pairs of notes that belong together, with states that the language model read once
/// (generative-contrastive learning of paper, sec. 4.2, with the model frozen). The quick mode: seconds for everything.
///
/// A value: equal parents, notes, pairs and settings give equal versions, in one go or across checkpoints.
public struct ProjectionTraining: Sendable {
    /// What training is asked for.
    public struct Settings: Codable, Sendable, Equatable {
        /// Equal seeds train alike.
        public var seed: UInt64 = 1
        /// How many batches.
        public var steps = 600
        /// Pairs in a batch; fewer where there are fewer.
        public var batch = 256
        /// The highest learning rate.
        public var learningRate = 1e-3
        /// Steps on the way up to it.
        public var warmup = 20
        /// The part of a standardised state's numbers that is left out.
        public var dropout = 0.3
        /// τ at the beginning; it stays within 0 to 4.
        public var temperature: Float = 2.7
        /// Pulls the projection back to where it began.
        public var decay = 0.1
        /// All gradients together are cut to this length.
        public var clip = 1.0
        /// w, the weight of the hashtags' loss beside the pairs'; 0: hashtags teach the projection nothing.
        public var tagWeight: Float = 0

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
        /// L_tag
        public let hashtags: Double
        /// τ behind the step.
        public let temperature: Double
        /// Before clipping.
        public let gradientNorm: Double
    }

    /// Bounds of τ (paper, sec. 4.2).
    private static let temperatureRange: ClosedRange<Float> = 0...4

    /// What training is asked for.
    public let settings: Settings
    /// The version that training began from.
    public let parent: ModelVersion

    let notes: [TrainingNote]
    /// As they were given, for the closed-form fits behind the training.
    private let pooled: [[Float]]
    /// Standardised, notes × width.
    private let states: Matrix<Float>
    var batches: PairBatches
    private let hashtags: LabelTable
    private let schedule: LearningRateSchedule
    private let start: [Float]

    var done = 0
    var objective: ProjectionObjective<Float>
    /// Of the projection's numbers, then the hashtag table's, then τ.
    var optimiser: AdamW<Float>

    /// Training that has not begun.
    ///
    /// - Parameters:
    ///   - parent: its projection is where training begins; its reading and standardiser stay.
    ///   - notes: the notes to train on.
    ///   - states: their pooled states, one each, read as the parent reads.
    ///   - pairs: positions of notes that belong together.
    /// - Throws: ``NoteLLMError`` of kind `tooFewNotes` with fewer than two pairs, or of kind `shape` when a pair names no
    ///   note or a state is not the parent's.
    public init(
        parent: ModelVersion, notes: [TrainingNote], states: [[Float]], pairs: [TrainingPair], settings: Settings
    ) throws(NoteLLMError) {
        guard states.count == notes.count, states.allSatisfy({ $0.count == parent.width }) else {
            throw NoteLLMError(.shape, "Every note needs one state of \(parent.width) numbers.")
        }
        self.settings = settings
        self.parent = parent
        self.notes = notes
        batches = try PairBatches(pairs, notes: notes.count, size: settings.batch, seed: settings.seed)
        pooled = states
        self.states = parent.standardiser.standardised(Matrix(states))
        hashtags = LabelTable(notes.map(\.hashtags), maximum: settings.tagWeight > 0 ? HashtagScorer.maximumTags : 0)
        schedule = LearningRateSchedule(warmup: settings.warmup, steps: settings.steps)
        var counts = [Int](repeating: 0, count: hashtags.labels.count)
        for row in hashtags.rows { for tag in row { counts[tag] += 1 } }
        let all = Float(max(1, counts.reduce(0, +)))
        objective = ProjectionObjective(
            projection: parent.head.projection,
            tags: Matrix(rows: counts.count, columns: parent.dimension), temperature: settings.temperature,
            tagPriors: counts.map { Float(log(Double($0) / Double(all))) }, tagWeight: settings.tagWeight)
        start = objective.parameters
        optimiser = AdamW(
            count: start.count, settings: .init(learningRate: settings.learningRate, decay: settings.decay))
    }

    /// Whether all steps are made.
    public var isFinished: Bool { done >= settings.steps }
    /// Steps made, of all.
    public var progress: (done: Int, of: Int) { (done, settings.steps) }

    /// Makes the next step.
    ///
    /// - Throws: ``NoteLLMError`` of kind `numeric` when a loss is not finite; nothing is changed then.
    public mutating func step() throws(NoteLLMError) -> Step {
        let result = objective.evaluate(batch(at: done))
        var gradients = result.projection.elements + result.tags.elements + [Float(result.temperature)]
        let norm = GradientClip.norm([gradients])
        guard result.loss.isFinite, norm.isFinite else {
            throw NoteLLMError(.numeric, "Training gives no finite loss any more. Use a lower learning rate.")
        }
        GradientClip.clip(&gradients, norm: norm, limit: settings.clip)
        var parameters = objective.parameters
        // The decay pulls the projection to its start, and the rest nowhere.
        var anchor = parameters
        let count = objective.projection.elements.count
        anchor.replaceSubrange(0..<count, with: start[0..<count])
        optimiser.step(
            &parameters, gradients: gradients, factor: schedule.factor(at: done), towards: anchor)
        take(parameters)
        done += 1
        return Step(
            step: done, loss: result.loss, contrastive: result.contrastive, hashtags: result.hashtags,
            temperature: Double(objective.temperature), gradientNorm: norm)
    }

    mutating func take(_ parameters: [Float]) {
        objective.take(parameters)
        objective.temperature = min(
            max(objective.temperature, Self.temperatureRange.lowerBound), Self.temperatureRange.upperBound)
    }

    /// The embedding that training has made so far of standardised or pooled states, one row each: for choosing.
    ///
    /// - Parameter pooled: states as the parent reads them.
    public func embeddings(of pooled: [[Float]]) -> Matrix<Float> {
        var made = parent.standardiser.standardised(Matrix(pooled)).timesTransposed(objective.projection)
        _ = UnitRows.normalise(&made)
        return made
    }

    /// The version that training has made so far; hashtags and category are fitted anew on the notes.
    ///
    /// - Parameter dataRange: where pairs and notes came from, for the record.
    public func version(dataRange: [String: [Int64]] = [:]) throws(NoteLLMError) -> ModelVersion {
        var made = BootstrapSettings(
            baseModelSHA256: parent.manifest.baseModelSHA256, reading: parent.manifest.reading, parent: parent.id,
            listWeights: parent.manifest.listWeights)
        made.embedding = LearnedEmbedding(of: parent, projection: objective.projection, adapter: parent.adapter)
        made.training = TrainingRecord(
            mode: .quick, pairs: batches.pairs.count, steps: done, temperature: Double(objective.temperature),
            settings: try ModelVersion.json(settings), dataRange: dataRange)
        return try Bootstrap.run(notes, states: pooled, settings: made).version
    }

    /// The batch of a step.
    private mutating func batch(at step: Int) -> ProjectionObjective<Float>.Batch {
        var batch = batches.batch(at: step)
        var dropped = batch.dropout(settings.dropout, width: parent.width)
        for (place, row) in batch.rows.enumerated() {
            states.withRow(row) { state in
                dropped.withMutableRow(place) { for i in $0.indices { $0[i] *= state[i] } }
            }
        }
        return ProjectionObjective.Batch(
            states: dropped, mask: batch.mask, weights: batch.weights,
            hashtags: batch.rows.map { hashtags.rows[$0] })
    }
}

extension ProjectionObjective {
    /// The projection's numbers, then the hashtag table's, then τ.
    var parameters: [Scalar] { projection.elements + tags.elements + [temperature] }

    mutating func take(_ parameters: [Scalar]) {
        let first = projection.rows * projection.columns
        let second = first + tags.rows * tags.columns
        projection = Matrix(
            rows: projection.rows, columns: projection.columns, elements: Array(parameters[0..<first]))
        tags = Matrix(rows: tags.rows, columns: tags.columns, elements: Array(parameters[first..<second]))
        temperature = parameters[second]
    }
}
