/// The factor L of a symmetric positive definite matrix A = L·Lᵀ, ready to solve A·X = B.
public struct Cholesky<Scalar: RealScalar>: Sendable {
    /// L in the lower triangle; what lies above it is not part of the factor.
    private let factor: Matrix<Scalar>

    /// Factors `matrix` (n×n), of which the lower triangle is read.
    ///
    /// - Throws: ``TensorError`` of kind `notPositiveDefinite` when there is no such factor.
    public init(_ matrix: Matrix<Scalar>) throws(TensorError) {
        let n = matrix.rows
        precondition(n == matrix.columns, "only a square matrix has a Cholesky factor")
        var factor = matrix
        let info =
            n == 0
            ? 0
            : factor.withMutableElements { a in a.baseAddress.map { Scalar.choleskyFactor(n: n, a: $0) } ?? 0 }
        guard info == 0, (0..<n).allSatisfy({ factor[$0, $0].isFinite }) else {
            throw TensorError(
                .notPositiveDefinite,
                "The \(n)×\(n) matrix is not positive definite (leading minor \(info)). Add a larger ridge to its diagonal."
            )
        }
        self.factor = factor
    }

    /// X (n×m) with A·X = B (n×m).
    public func solve(_ right: Matrix<Scalar>) -> Matrix<Scalar> {
        let n = factor.rows
        precondition(right.rows == n, "the right side has another number of rows")
        var solution = right
        guard n > 0, right.columns > 0 else { return solution }
        solution.withMutableElements { x in
            guard let x = x.baseAddress else { return }
            factor.withElements { l in
                guard let l = l.baseAddress else { return }
                Scalar.solveLower(.no, n: n, columns: right.columns, l: l, b: x)
                Scalar.solveLower(.yes, n: n, columns: right.columns, l: l, b: x)
            }
        }
        return solution
    }
}

/// Ridge regression in closed form.
public enum Ridge {
    /// W (features × targets) that minimises ‖X·W − Y‖² + penalty·‖W‖²: the solution of (XᵀX + penalty·I)·W = Xᵀ·Y.
    ///
    /// With fewer rows than features the equal, smaller form W = Xᵀ·(X·Xᵀ + penalty·I)⁻¹·Y is solved.
    ///
    /// - Throws: ``TensorError`` of kind `notPositiveDefinite` when `penalty` is too small for the data.
    public static func weights<Scalar: RealScalar>(
        features x: Matrix<Scalar>, targets y: Matrix<Scalar>, penalty: Scalar
    ) throws(TensorError) -> Matrix<Scalar> {
        precondition(x.rows == y.rows, "features and targets differ in their number of rows")
        if x.rows < x.columns {
            var gram = x.timesTransposed(x)
            for i in 0..<x.rows { gram[i, i] += penalty }
            return x.transposedTimes(try Cholesky(gram).solve(y))
        }
        var gram = x.transposedTimes(x)
        for i in 0..<x.columns { gram[i, i] += penalty }
        return try Cholesky(gram).solve(x.transposedTimes(y))
    }
}
