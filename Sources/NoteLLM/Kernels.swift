import Tensors

/// Inner products between training notes. Ridge regression needs nothing else of them, so one piece of code validates
/// the dense and the lexical regression alike.
package enum Kernels {
    /// X·Xᵀ / width for standardised states (notes × width): about 1 on the diagonal.
    package static func dense(standardised states: Matrix<Float>) -> Matrix<Double> {
        let scaled = scaled(standardised: states)
        return scaled.timesTransposed(scaled)
    }

    /// Standardised states / √width, in Double.
    static func scaled(standardised states: Matrix<Float>) -> Matrix<Double> {
        let scale = 1 / Double(max(states.columns, 1)).squareRoot()
        return Matrix(rows: states.rows, columns: states.columns, elements: states.elements.map { Double($0) * scale })
    }

    /// X·Xᵀ for term vectors over `termCount` terms: 1 on the diagonal.
    package static func lexical(_ vectors: [TermVectors.Sparse], termCount: Int) -> Matrix<Double> {
        var kernel = Matrix<Double>(rows: vectors.count, columns: vectors.count)
        var spread = [Double](repeating: 0, count: termCount)
        for row in vectors.indices {
            for (term, value) in vectors[row] { spread[Int(term)] = Double(value) }
            for column in 0...row {
                let product = vectors[column].reduce(0.0) { $0 + spread[Int($1.term)] * Double($1.value) }
                kernel[row, column] = product
                kernel[column, row] = product
            }
            for (term, _) in vectors[row] { spread[Int(term)] = 0 }
        }
        return kernel
    }
}

extension Matrix where Scalar == Double {
    /// Takes each column's mean out of it, and returns the means.
    mutating func centreColumns() -> [Double] {
        let means = columnMeans()
        for row in 0..<rows {
            withMutableRow(row) { values in
                for column in values.indices { values[column] -= means[column] }
            }
        }
        return means
    }

    /// The sub-matrix of the given rows and columns.
    func picking(rows picked: [Int], columns pickedColumns: [Int]) -> Matrix {
        Matrix(
            rows: picked.count, columns: pickedColumns.count,
            elements: picked.flatMap { row in
                withRow(row) { source in pickedColumns.map { source[$0] } }
            })
    }
}

extension Matrix where Scalar == Float {
    /// The given rows, in that order.
    func picking(_ picked: [Int]) -> Matrix {
        Matrix(rows: picked.count, columns: columns, elements: picked.flatMap { row($0) })
    }
}
