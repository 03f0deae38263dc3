extension Matrix {
    /// A·B, for A m×k (this) and B k×n.
    public func times(_ other: Matrix) -> Matrix {
        precondition(columns == other.rows, "inner extents differ")
        return product(.no, other, .no, m: rows, n: other.columns, k: columns)
    }

    /// A·Bᵀ, for A m×k (this) and B n×k.
    public func timesTransposed(_ other: Matrix) -> Matrix {
        precondition(columns == other.columns, "inner extents differ")
        return product(.no, other, .yes, m: rows, n: other.rows, k: columns)
    }

    /// Aᵀ·B, for A k×m (this) and B k×n.
    public func transposedTimes(_ other: Matrix) -> Matrix {
        precondition(rows == other.rows, "inner extents differ")
        return product(.yes, other, .no, m: columns, n: other.columns, k: rows)
    }

    /// A·x, for A m×n (this) and x n long.
    public func times(_ vector: [Scalar]) -> [Scalar] {
        precondition(columns == vector.count, "inner extents differ")
        return product(.no, vector, count: rows)
    }

    /// Aᵀ·x, for A m×n (this) and x m long.
    public func transposedTimes(_ vector: [Scalar]) -> [Scalar] {
        precondition(rows == vector.count, "inner extents differ")
        return product(.yes, vector, count: columns)
    }

    private func product(
        _ transposeA: Transpose, _ other: Matrix, _ transposeB: Transpose, m: Int, n: Int, k: Int
    ) -> Matrix {
        var result = Matrix(rows: m, columns: n)
        guard m > 0, n > 0, k > 0 else { return result }
        result.withMutableElements { c in
            guard let c = c.baseAddress else { return }
            Scalar.gemm(
                transposeA, transposeB, m: m, n: n, k: k, alpha: 1, a: storage, strideA: columns,
                b: other.storage, strideB: other.columns, beta: 0, c: c, strideC: n)
        }
        return result
    }

    private func product(_ transpose: Transpose, _ vector: [Scalar], count: Int) -> [Scalar] {
        var result = [Scalar](repeating: 0, count: count)
        guard rows > 0, columns > 0 else { return result }
        Scalar.gemv(
            transpose, rows: rows, columns: columns, alpha: 1, a: storage, strideA: columns, x: vector, beta: 0,
            y: &result)
        return result
    }
}
