import Tensors

/// From a standardised pooled state to the embedding: linear without bias, then length 1 (paper, sec. 4.1).
///
/// The closed-form projection is principal component analysis with clipped whitening: component i of the state, divided
/// by its singular value but by no less than 3 % of the largest, so that the noise of weak components is not blown up.
package struct EmbeddingHead: Sendable {
    /// Dimension × width.
    package let projection: Matrix<Float>

    /// Weaker components are divided by this share of the largest singular value instead of their own.
    package static let whiteningFloor = 0.03

    init(projection: Matrix<Float>) {
        self.projection = projection
    }

    /// Learns the projection from standardised states (notes × width).
    ///
    /// Components beyond the rank of the data get zero rows: with twenty notes the embedding has nineteen directions.
    package init(standardised states: Matrix<Float>, dimension: Int) throws(NoteLLMError) {
        let width = states.columns
        let doubles = Matrix<Double>(rows: states.rows, columns: width, elements: states.elements.map(Double.init))
        let eigen: SymmetricEigen<Double>
        do {
            eigen = try SymmetricEigen(doubles.transposedTimes(doubles))
        } catch {
            throw NoteLLMError(
                .numeric, "The principal components of \(states.rows) notes cannot be computed. \(error)")
        }
        let singular = eigen.values.map { max($0, 0).squareRoot() }
        let largest = singular.first ?? 0
        // Of no matter for the embedding, but training goes on from here: projected states have lengths of about 1.
        let scale = (Double(states.rows) / Double(dimension)).squareRoot()
        var projection = Matrix<Float>(rows: dimension, columns: width)
        for i in 0..<min(dimension, width, states.rows) where singular[i] > 1e-6 * largest {
            let divisor = max(singular[i], Self.whiteningFloor * largest)
            for j in 0..<width { projection[i, j] = Float(eigen.vectors[i, j] * scale / divisor) }
        }
        self.projection = projection
    }

    package var dimension: Int { projection.rows }

    /// The embedding, `dimension` numbers of length 1. A state that the projection takes to zero gets the first axis, so
    /// that every note has a place in the index.
    package func embedding(standardised state: [Float]) -> [Float] {
        let projected = projection.times(state)
        let length = Vector.norm(projected)
        guard length > 0, length.isFinite else {
            return (0..<dimension).map { $0 == 0 ? 1 : 0 }
        }
        return projected.map { $0 / length }
    }
}
