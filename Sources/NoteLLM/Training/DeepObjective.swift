import LanguageModel
import Tensors

/// Both losses of deep training and their gradients for one batch (paper, sec. 4): generic over Float and Double.
///
///     L = (L_cl + α·L_gen) / (1 + α)
///
/// L_cl is ``InfoNCE`` over the embeddings of 2B notes: the pooled state, standardised, thinned out (dropout), projected and
/// scaled to length 1. L_gen is the mean, over the notes that have something to write, of −log p per token written.
package struct DeepObjective<Scalar: RealScalar>: Sendable {
    /// The language model and its adapter.
    package var model: TrainableModel<Scalar>
    /// dimension × width
    package var projection: Matrix<Scalar>
    /// τ
    package var temperature: Scalar
    /// Of the pooled state; neither learns.
    package let means: [Scalar]
    package let scales: [Scalar]
    package let reading: Reading
    /// α
    package let generativeWeight: Scalar

    package init(
        model: TrainableModel<Scalar>, projection: Matrix<Scalar>, temperature: Scalar, means: [Scalar],
        scales: [Scalar], reading: Reading, generativeWeight: Scalar
    ) {
        self.model = model
        self.projection = projection
        self.temperature = temperature
        self.means = means
        self.scales = scales
        self.reading = reading
        self.generativeWeight = generativeWeight
    }

    /// B pairs of notes.
    package struct Batch: Sendable {
        /// 2B; row i and row B + i are a pair.
        package let sequences: [DeepSequence]
        /// Which rows are no negatives of each other.
        package let mask: ContrastiveMask
        /// What multiplies the standardised states: 2B × width, 0 where a number is dropped.
        package let dropout: Matrix<Scalar>
        /// How much each pair counts; nil: all alike, as in the paper.
        package let weights: [Scalar]?

        package init(
            sequences: [DeepSequence], mask: ContrastiveMask, dropout: Matrix<Scalar>, weights: [Scalar]? = nil
        ) {
            self.sequences = sequences
            self.mask = mask
            self.dropout = dropout
            self.weights = weights
        }
    }

    /// Losses and gradients.
    package struct Result: Sendable {
        /// L
        package let loss: Double
        /// L_cl
        package let contrastive: Double
        /// L_gen; 0 where no note has anything to write.
        package let generative: Double
        /// As the adapter's parameters lie.
        package let adapter: [Scalar]
        /// dimension × width
        package let projection: Matrix<Scalar>
        /// dL/dτ
        package let temperature: Scalar
    }

    /// Evaluates a batch on some threads. The result does not depend on how many they are, to the bit.
    ///
    /// - Parameter keeping: what is kept of the layers below the reading, for all notes at once.
    package func evaluate(
        _ batch: Batch, threads: Int, keeping: LayerStretch<Scalar>.Keeping = .inputs
    ) throws(NoteLLMError) -> Result {
        // Each note up to the reading.
        let lower = try Parallel.map(batch.sequences, threads: threads, progress: nil) {
            TrainingWorker<Scalar>()
        } body: { (worker, sequence) throws(NoteLLMError) in
            let frozen = model.forward(
                model.embed(sequence.tokens), layers: 0..<firstLearning, keeping: .nothing, worker: worker)
            return model.forward(
                frozen.output, layers: firstLearning..<reading.layer, keeping: keeping, worker: worker)
        }

        let contrastive = contrast(
            Matrix(zip(lower, batch.sequences).map { pooled($0.output, $1.pooled) }), batch)

        // Then each note's writing and the whole way back. Notes are dealt to lanes, each with gradients of its own that are
        // summed in order: what is added to what does not depend on the threads.
        let writers = batch.sequences.count { !$0.targets.isEmpty }
        let lanes = Array(0..<min(Self.laneCount, batch.sequences.count))
        let sums = try Parallel.map(lanes, threads: threads, progress: nil) {
            TrainingWorker<Scalar>()
        } body: { (worker, lane) throws(NoteLLMError) in
            var sum = Lane(adapter: [Scalar](repeating: 0, count: model.layout.count))
            for row in stride(from: lane, to: batch.sequences.count, by: Self.laneCount) {
                back(
                    lower[row], batch.sequences[row], pooledGradient: contrastive.pooled.row(row), writers: writers,
                    to: &sum, worker)
            }
            return sum
        }
        var adapter = [Scalar](repeating: 0, count: model.layout.count)
        var generative = 0.0
        for lane in sums {
            for i in adapter.indices { adapter[i] += lane.adapter[i] }
            generative += lane.generative
        }
        let alpha = Double(generativeWeight)
        return Result(
            loss: (contrastive.loss + alpha * generative) / (1 + alpha), contrastive: contrastive.loss,
            generative: generative, adapter: adapter, projection: contrastive.projection,
            temperature: contrastive.temperature)
    }

    /// Work is dealt to so many lanes; more threads find nothing to do.
    private static var laneCount: Int { 8 }

    private struct Lane: Sendable {
        var adapter: [Scalar]
        var generative = 0.0
    }

    /// The lowest layer that learns below the reading; nothing goes back beyond it.
    private var firstLearning: Int { min(model.layout.shape.layers.first ?? reading.layer, reading.layer) }

    /// From a note's reading on: L_gen through the layers above, the contrastive gradient from its pooled state, both down
    /// to the lowest layer that learns.
    private func back(
        _ lower: LayerStretch<Scalar>, _ sequence: DeepSequence, pooledGradient: [Scalar], writers: Int,
        to sum: inout Lane, _ worker: TrainingWorker<Scalar>
    ) {
        let width = model.configuration.width
        var gradient = Matrix<Scalar>(rows: sequence.tokens.count, columns: width)
        if !sequence.targets.isEmpty, generativeWeight > 0 {
            let share = 1 / Scalar(writers * sequence.targets.count)
            let upper = model.forward(
                lower.output, layers: reading.layer..<model.configuration.layers, keeping: .everything, worker: worker)
            let tokens = model.tokenLoss(
                upper.output, targets: sequence.targets,
                weight: share * generativeWeight / (1 + generativeWeight))
            sum.generative += Double(tokens.loss * share)
            gradient = tokens.gradient
            model.backward(upper, gradient: &gradient, adapterGradients: &sum.adapter, worker: worker)
        }
        addPooledGradient(pooledGradient, of: lower.output, sequence.pooled, to: &gradient)
        model.backward(lower, gradient: &gradient, adapterGradients: &sum.adapter, worker: worker)
    }
}

// MARK: - Pooling

extension DeepObjective {
    /// The mean of some rows of the residual stream at the reading, behind the output norm where the reading has it.
    private func pooled(_ residual: Matrix<Scalar>, _ rows: Range<Int>) -> [Scalar] {
        let states = residual.rows(rows)
        return (reading.outputNorm ? model.normalised(states) : states).columnMeans()
    }

    /// Gives each pooled row its part of the pooled state's gradient.
    private func addPooledGradient(
        _ pooled: [Scalar], of residual: Matrix<Scalar>, _ rows: Range<Int>, to gradient: inout Matrix<Scalar>
    ) {
        var parts = Matrix<Scalar>(rows: rows.count, columns: pooled.count)
        for row in 0..<rows.count {
            parts.withMutableRow(row) { part in
                for i in part.indices { part[i] = pooled[i] / Scalar(rows.count) }
            }
        }
        if reading.outputNorm { parts = model.normalisedBackward(residual.rows(rows), gradient: parts) }
        for row in 0..<rows.count {
            gradient.withMutableRow(rows.lowerBound + row) { sum in
                parts.withRow(row) { part in
                    for i in sum.indices { sum[i] += part[i] }
                }
            }
        }
    }
}

// MARK: - Contrast

extension DeepObjective {
    private struct Contrast {
        let loss: Double
        /// 2B × width: of the pooled states.
        let pooled: Matrix<Scalar>
        let projection: Matrix<Scalar>
        let temperature: Scalar
    }

    /// L_cl of pooled states, 2B × width, with the gradients of L_cl / (1 + α).
    private func contrast(_ pooled: Matrix<Scalar>, _ batch: Batch) -> Contrast {
        // X = (pooled − mean) · scale ∘ dropout, 2B × width
        let dropout = batch.dropout.elements
        let x = Matrix<Scalar>(rows: pooled.rows, columns: pooled.columns) { target in
            for (i, value) in pooled.elements.enumerated() {
                let column = i % pooled.columns
                target[i] = (value - means[column]) * scales[column] * dropout[i]
            }
        }
        var units = x.timesTransposed(projection)  // 2B × dimension
        let lengths = UnitRows.normalise(&units)
        let result = InfoNCE.evaluate(
            embeddings: units, temperature: temperature, mask: batch.mask, weights: batch.weights)

        let share = 1 / (1 + generativeWeight)
        var projected = result.embeddings
        UnitRows.backward(&projected, units: units, lengths: lengths)
        projected.withMutableElements { for i in $0.indices { $0[i] *= share } }
        var gradient = projected.times(projection)  // of X, 2B × width; then of the pooled states
        gradient.withMutableElements { elements in
            for i in elements.indices { elements[i] *= scales[i % pooled.columns] * dropout[i] }
        }
        return Contrast(
            loss: result.value, pooled: gradient, projection: projected.transposedTimes(x),
            temperature: Scalar(result.temperature) * share)
    }
}
