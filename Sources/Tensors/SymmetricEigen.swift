/// The eigendecomposition A = Vᵀ·diag(values)·V of a symmetric matrix, with eigenvectors as rows of V.
public struct SymmetricEigen<Scalar: RealScalar>: Sendable {
    /// Eigenvalues, largest first.
    public let values: [Scalar]
    /// Row i is the unit eigenvector of `values[i]`, its sign fixed: the component of largest magnitude (the first of
    /// equals) is positive.
    public let vectors: Matrix<Scalar>

    /// Decomposes `matrix` (n×n), of which the lower triangle is read.
    ///
    /// - Throws: ``TensorError`` when an element is not finite or LAPACK does not converge.
    public init(_ matrix: Matrix<Scalar>) throws(TensorError) {
        let n = matrix.rows
        precondition(n == matrix.columns, "only a square matrix has eigenvectors")
        // LAPACK may loop or return nonsense on a NaN.
        guard matrix.elements.allSatisfy(\.isFinite) else {
            throw TensorError(.notFinite, "The \(n)×\(n) matrix to decompose holds a NaN or an infinity.")
        }
        var ascending = [Scalar](repeating: 0, count: n)
        var decomposed = matrix
        let info =
            n == 0
            ? 0
            : decomposed.withMutableElements { a in
                a.baseAddress.map { Scalar.symmetricEigen(n: n, a: $0, values: &ascending) } ?? 0
            }
        guard info == 0 else {
            throw TensorError(
                .noConvergence, "The eigenvalues of a \(n)×\(n) matrix did not converge (LAPACK syevd, info \(info)).")
        }
        values = Array(ascending.reversed())
        var vectors = Matrix<Scalar>(rows: n, columns: n)
        for i in 0..<n {
            decomposed.withRow(n - 1 - i) { source in
                vectors.withMutableRow(i) { target in
                    var peak = 0
                    for j in 1..<max(n, 1) where abs(source[j]) > abs(source[peak]) { peak = j }
                    let sign: Scalar = source[peak] < 0 ? -1 : 1
                    for j in 0..<n { target[j] = sign * source[j] }
                }
            }
        }
        self.vectors = vectors
    }
}
