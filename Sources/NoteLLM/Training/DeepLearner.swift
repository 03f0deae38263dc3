import LanguageModel
import Tensors

/// What learns in deep training and how: adapter, projection and temperature, one optimiser for the language model's part
/// and one for the rest. Generic over Float and Double.
package struct DeepLearner<Scalar: RealScalar>: Sendable {
    /// What the steps are made with.
    package struct Rates: Sendable {
        /// The adapter's highest learning rate.
        package var adapter: Double
        /// The projection's and the temperature's.
        package var head: Double
        /// Pulls the projection back to where it began.
        package var decay: Double
        /// All gradients together are cut to this length.
        package var clip: Double

        package init(adapter: Double, head: Double, decay: Double, clip: Double) {
            self.adapter = adapter
            self.head = head
            self.decay = decay
            self.clip = clip
        }
    }

    /// Bounds of τ (paper, sec. 4.2).
    package static var temperatureRange: ClosedRange<Scalar> { 0...4 }

    package private(set) var objective: DeepObjective<Scalar>
    private let rates: Rates
    /// The projection's numbers as they were.
    private let start: [Scalar]
    private(set) var adapterOptimiser: AdamW<Scalar>
    /// Of the projection's numbers, and τ behind them.
    private(set) var headOptimiser: AdamW<Scalar>

    /// A learner before its first step.
    package init(_ objective: DeepObjective<Scalar>, rates: Rates) {
        self.objective = objective
        self.rates = rates
        start = objective.projection.elements
        adapterOptimiser = AdamW(count: objective.model.layout.count, settings: .init(learningRate: rates.adapter))
        headOptimiser = AdamW(
            count: start.count + 1, settings: .init(learningRate: rates.head, decay: rates.decay))
    }

    /// The adapter's numbers.
    package var adapter: [Scalar] { objective.model.parameters }
    /// The projection's numbers, and τ behind them.
    package var head: [Scalar] { objective.projection.elements + [objective.temperature] }

    /// One step.
    ///
    /// - Parameters:
    ///   - factor: the schedule's part of the learning rates.
    ///   - keeping: see ``DeepObjective/evaluate(_:threads:keeping:)``.
    /// - Returns: losses and gradients, and the gradients' common length before they were cut.
    /// - Throws: ``NoteLLMError`` of kind `numeric` when these are not finite; nothing is changed then.
    package mutating func learn(
        _ batch: DeepObjective<Scalar>.Batch, factor: Double, threads: Int,
        keeping: LayerStretch<Scalar>.Keeping = .inputs
    ) throws(NoteLLMError) -> (result: DeepObjective<Scalar>.Result, gradientNorm: Double) {
        let result = try objective.evaluate(batch, threads: threads, keeping: keeping)
        var adapterGradients = result.adapter
        var headGradients = result.projection.elements + [result.temperature]
        let norm = GradientClip.norm([adapterGradients, headGradients])
        guard result.loss.isFinite, norm.isFinite else {
            throw NoteLLMError(.numeric, "Training gives no finite loss any more. Use a lower learning rate.")
        }
        GradientClip.clip(&adapterGradients, norm: norm, limit: rates.clip)
        GradientClip.clip(&headGradients, norm: norm, limit: rates.clip)

        var (adapter, head) = (adapter, head)
        adapterOptimiser.step(&adapter, gradients: adapterGradients, factor: factor)
        // The decay pulls the projection to its start, and the temperature nowhere.
        headOptimiser.step(
            &head, gradients: headGradients, factor: factor, towards: start + [objective.temperature])
        take(adapter: adapter, head: head)
        return (result, norm)
    }

    /// Goes on from other numbers and moments.
    mutating func restore(
        adapter: [Scalar], head: [Scalar], adapterMoments: AdamW<Scalar>.Moments, headMoments: AdamW<Scalar>.Moments
    ) {
        adapterOptimiser = AdamW(settings: adapterOptimiser.settings, moments: adapterMoments)
        headOptimiser = AdamW(settings: headOptimiser.settings, moments: headMoments)
        take(adapter: adapter, head: head)
    }

    private mutating func take(adapter: [Scalar], head: [Scalar]) {
        objective.model.update(adapter)
        let range = Self.temperatureRange
        objective.projection = Matrix(
            rows: objective.projection.rows, columns: objective.projection.columns, elements: Array(head.dropLast()))
        objective.temperature = min(max(head[head.count - 1], range.lowerBound), range.upperBound)
    }
}
