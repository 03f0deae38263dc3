import Foundation
import Tensors

/// What the quick mode learns, and both of its losses with their gradients by hand. Generic over Float and Double.
///
///     L = L_cl + w · L_tag
///
/// L_cl is the contrastive loss (``InfoNCE``) of e = Px / ‖Px‖ for the 2B standardised states x of a batch. L_tag is the mean,
/// over the rows that have hashtags, of −log softmax(10 · T·e + log share) at each of the row's own: it draws notes of
/// one hashtag together where no pair says so.
package struct ProjectionObjective<Scalar: RealScalar>: Sendable {
    /// dimension × width
    package var projection: Matrix<Scalar>
    /// hashtags × dimension
    package var tags: Matrix<Scalar>
    /// τ; cosines are multiplied by e^τ.
    package var temperature: Scalar
    /// Per hashtag, the logarithm of the share of notes that carry it.
    let tagPriors: [Scalar]
    let tagWeight: Scalar

    /// What multiplies T·e: an embedding has length 1, and a table's rows should not have to grow long.
    private static var tagScale: Scalar { 10 }

    package init(
        projection: Matrix<Scalar>, tags: Matrix<Scalar>, temperature: Scalar, tagPriors: [Scalar], tagWeight: Scalar
    ) {
        precondition(tags.rows == tagPriors.count, "one prior per hashtag")
        self.projection = projection
        self.tags = tags
        self.temperature = temperature
        self.tagPriors = tagPriors
        self.tagWeight = tagWeight
    }

    /// One batch of B pairs.
    package struct Batch: Sendable {
        /// 2B × width: standardised, with dropout applied; row i and row B + i are a pair.
        package var states: Matrix<Scalar>
        package var mask: ContrastiveMask
        /// One per pair; nil: all alike.
        package var weights: [Scalar]?
        /// Per row, the positions of its hashtags.
        package var hashtags: [[Int]]

        package init(states: Matrix<Scalar>, mask: ContrastiveMask, weights: [Scalar]?, hashtags: [[Int]]) {
            self.states = states
            self.mask = mask
            self.weights = weights
            self.hashtags = hashtags
        }
    }

    /// Losses, and how L changes with each parameter.
    package struct Result: Sendable {
        package var loss: Double
        package var contrastive: Double
        package var hashtags: Double
        /// dimension × width
        package var projection: Matrix<Scalar>
        /// hashtags × dimension
        package var tags: Matrix<Scalar>
        package var temperature: Double
    }

    /// The losses of a batch and their gradients.
    package func evaluate(_ batch: Batch) -> Result {
        var embeddings = batch.states.timesTransposed(projection)  // 2B × dimension
        let lengths = UnitRows.normalise(&embeddings)
        let contrast = InfoNCE.evaluate(
            embeddings: embeddings, temperature: temperature, mask: batch.mask, weights: batch.weights)
        var slopes = contrast.embeddings  // dL/de, 2B × dimension
        let tagged = hashtagLoss(embeddings, batch.hashtags, adding: &slopes)
        UnitRows.backward(&slopes, units: embeddings, lengths: lengths)
        return Result(
            loss: contrast.value + Double(tagWeight) * tagged.value, contrastive: contrast.value,
            hashtags: tagged.value, projection: slopes.transposedTimes(batch.states), tags: tagged.table,
            temperature: contrast.temperature)
    }

    /// L_tag; adds w · dL_tag/de to `slopes` and answers w · dL_tag/dT.
    private func hashtagLoss(
        _ embeddings: Matrix<Scalar>, _ hashtags: [[Int]], adding slopes: inout Matrix<Scalar>
    ) -> (value: Double, table: Matrix<Scalar>) {
        let rows = hashtags.indices.filter { !hashtags[$0].isEmpty }
        guard tagWeight > 0, tags.rows > 0, !rows.isEmpty else {
            return (0, Matrix(rows: tags.rows, columns: tags.columns))
        }
        var logits = embeddings.timesTransposed(tags)  // 2B × hashtags, turned row by row into w · dL_tag/d(T·e)
        var value = 0.0
        let share = tagWeight * Self.tagScale / Scalar(rows.count)
        for row in hashtags.indices {
            let own = hashtags[row]
            logits.withMutableRow(row) { x in
                guard !own.isEmpty else {
                    for t in x.indices { x[t] = 0 }
                    return
                }
                for t in x.indices { x[t] = Self.tagScale * x[t] + tagPriors[t] }
                let peak = x.max() ?? 0
                var sum = 0.0
                for t in x.indices { sum += exp(Double(x[t] - peak)) }
                let logSum = Double(peak) + log(sum)
                for t in own { value += (logSum - Double(x[t])) / Double(own.count) }
                for t in x.indices { x[t] = share * Scalar(exp(Double(x[t]) - logSum)) }
                for t in own { x[t] -= share / Scalar(own.count) }
            }
        }
        let back = logits.times(tags)  // 2B × dimension
        slopes.withMutableElements { slopes in
            back.withElements { back in for i in slopes.indices { slopes[i] += back[i] } }
        }
        return (value / Double(rows.count), logits.transposedTimes(embeddings))
    }
}
