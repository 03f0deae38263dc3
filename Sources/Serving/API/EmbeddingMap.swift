import Tensors

/// Embeddings on a plane, for people to look at.
package enum EmbeddingMap {
    /// Each vector's place along the two directions in which the vectors differ most (principal components), scaled so
    /// that all lie within −1...1.
    ///
    /// - Parameter vectors: all of one length.
    /// - Throws: `TensorError` when a number is not finite.
    package static func places(of vectors: [[Float]]) throws(TensorError) -> [(x: Double, y: Double)] {
        guard vectors.count > 1, let width = vectors.first?.count, width > 1 else {
            return vectors.map { _ in (0, 0) }
        }
        var matrix = Matrix(vectors)
        let means = matrix.columnMeans()
        for row in 0..<matrix.rows {
            matrix.withMutableRow(row) { values in
                for column in values.indices { values[column] -= means[column] }
            }
        }
        let directions = try SymmetricEigen(matrix.transposedTimes(matrix)).vectors.rows(0..<2)
        let places = matrix.timesTransposed(directions)
        let scale = (0..<2).map { axis in
            max((0..<places.rows).map { abs(places[$0, axis]) }.max() ?? 0, .leastNormalMagnitude)
        }
        return (0..<places.rows).map { row in
            (Double(places[row, 0] / scale[0]), Double(places[row, 1] / scale[1]))
        }
    }
}
