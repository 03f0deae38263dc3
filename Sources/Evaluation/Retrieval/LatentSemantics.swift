import Tensors

/// Latent semantic analysis (Deerwester et al. 1990): notes by the leading singular vectors of their TF-IDF matrix, times
/// the singular values. What any linear method makes of words alone, so the control of what a language model adds.
///
/// By subspace iteration (Halko, Martinsson & Tropp 2011, algorithm 4.4) on the side of the terms.
package enum LatentSemantics {
    /// Directions beyond those asked for, so that the last of these are found too.
    private static let oversampling = 64
    private static let iterations = 6

    /// U·S, notes × `dimension`; columns beyond the rank of the matrix are zero.
    package static func states(_ terms: TermWeights, dimension: Int, seed: UInt64 = 1) throws(TensorError) -> [[Float]]
    {
        let width = min(dimension + oversampling, terms.termCount)
        var random = SplitMix64(seed: seed)
        var basis = Matrix<Double>(
            rows: terms.termCount, columns: width,
            elements: (0..<terms.termCount * width).map { _ in random.uniform() - 0.5 })
        for _ in 0..<iterations {
            basis = try orthogonal(terms.transposedTimes(terms.times(basis)))
        }
        // Within the subspace the decomposition is exact.
        let projected = terms.times(basis)  // notes × width
        let eigen = try SymmetricEigen(projected.transposedTimes(projected))
        let states = projected.timesTransposed(eigen.vectors)
        return (0..<states.rows).map { note in
            states.withRow(note) { row in (0..<dimension).map { $0 < width ? Float(row[$0]) : 0 } }
        }
    }

    /// An orthonormal basis of the columns of `matrix`: Z·V·Λ^(−1/2) for ZᵀZ = V·Λ·Vᵀ. Directions that are nothing but
    /// rounding become zero.
    private static func orthogonal(_ matrix: Matrix<Double>) throws(TensorError) -> Matrix<Double> {
        let eigen = try SymmetricEigen(matrix.transposedTimes(matrix))
        var scaled = eigen.vectors
        let largest = eigen.values.first ?? 0
        for i in 0..<scaled.rows {
            let scale = eigen.values[i] > 1e-14 * largest ? 1 / eigen.values[i].squareRoot() : 0
            scaled.withMutableRow(i) { row in for j in row.indices { row[j] *= scale } }
        }
        return matrix.timesTransposed(scaled)
    }
}

extension TermWeights {
    /// A·X for this matrix A (notes × terms) and X (terms × columns).
    fileprivate func times(_ other: Matrix<Double>) -> Matrix<Double> {
        let columns = other.columns
        return Matrix(rows: count, columns: columns) { target in
            other.withElements { source in
                forEachEntry { note, term, weight in
                    for j in 0..<columns { target[note * columns + j] += weight * source[term * columns + j] }
                }
            }
        }
    }

    /// Aᵀ·Y for this matrix A (notes × terms) and Y (notes × columns).
    fileprivate func transposedTimes(_ other: Matrix<Double>) -> Matrix<Double> {
        let columns = other.columns
        return Matrix(rows: termCount, columns: columns) { target in
            other.withElements { source in
                forEachEntry { note, term, weight in
                    for j in 0..<columns { target[term * columns + j] += weight * source[note * columns + j] }
                }
            }
        }
    }
}
