import Support
import Tensors
import Testing

/// Plain loops, in Double, as the oracle of every product.
func plainProduct<Scalar: RealScalar>(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> Matrix<Scalar> {
    var c = Matrix<Scalar>(rows: a.rows, columns: b.columns)
    for i in 0..<a.rows {
        for j in 0..<b.columns {
            var sum = 0.0
            for k in 0..<a.columns { sum += Double(a[i, k]) * Double(b[k, j]) }
            c[i, j] = Scalar(sum)
        }
    }
    return c
}

func randomMatrix<Scalar: RealScalar>(
    _ rows: Int, _ columns: Int, _ random: inout SeededGenerator
) -> Matrix<Scalar> {
    let elements = (0..<rows * columns).map { _ in Scalar(Double.random(in: -1...1, using: &random)) }
    return Matrix(rows: rows, columns: columns, elements: elements)
}

func largestDifference<Scalar: RealScalar>(_ a: Matrix<Scalar>, _ b: Matrix<Scalar>) -> Double {
    guard a.rows == b.rows, a.columns == b.columns else { return .infinity }
    return zip(a.elements, b.elements).map { abs(Double($0) - Double($1)) }.max() ?? 0
}

@Suite struct ProductTests {
    @Test func productsEqualPlainLoops() {
        compare(Float.self, within: 1e-4)
        compare(Double.self, within: 1e-12)
    }

    private func compare<Scalar: RealScalar>(_ type: Scalar.Type, within tolerance: Double) {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<60 {
            let (m, n, k) = (
                Int.random(in: 1...90, using: &random), Int.random(in: 1...90, using: &random),
                Int.random(in: 1...90, using: &random)
            )
            let a: Matrix<Scalar> = randomMatrix(m, k, &random)
            let b: Matrix<Scalar> = randomMatrix(k, n, &random)
            let expected = plainProduct(a, b)
            #expect(largestDifference(a.times(b), expected) < tolerance)
            #expect(largestDifference(a.timesTransposed(b.transposed()), expected) < tolerance)
            #expect(largestDifference(a.transposed().transposedTimes(b), expected) < tolerance)
            let column = b.transposed().row(0)
            let product = Matrix(rows: m, columns: 1, elements: a.times(column))
            let first = Matrix(rows: m, columns: 1, elements: expected.transposed().row(0))
            #expect(largestDifference(product, first) < tolerance)
            #expect(a.transposed().transposedTimes(column).count == m)
            let transposed = Matrix(rows: m, columns: 1, elements: a.transposed().transposedTimes(column))
            #expect(largestDifference(transposed, first) < tolerance)
        }
    }

    @Test func emptyProductsAreZero() {
        let empty = Matrix<Float>(rows: 3, columns: 0)
        #expect(empty.times(Matrix<Float>(rows: 0, columns: 2)) == Matrix(rows: 3, columns: 2))
        #expect(empty.times([]) == [0, 0, 0])
    }

    @Test func equalInputsGiveEqualBits() {
        var random = SeededGenerator(seed: 2)
        let a: Matrix<Float> = randomMatrix(70, 576, &random)
        let b: Matrix<Float> = randomMatrix(576, 96, &random)
        #expect(a.times(b) == a.times(b))
    }

    @Test func theLibraryComputesRightProductsHere() throws {
        try BLAS.check()
        #expect(!BLAS.kernelName.isEmpty)
        #expect(BLAS.wrong("product").message.contains("OPENBLAS_CORETYPE"))
    }

    @Test func valueSemantics() {
        let original = Matrix<Double>([[1, 2], [3, 4]])
        var copy = original
        copy[1, 0] = 9
        #expect(original[1, 0] == 3)
        #expect(copy.row(1) == [9, 4])
        #expect(original.transposed() == Matrix([[1, 3], [2, 4]]))
        #expect(original.rows(1..<2) == Matrix([[3, 4]]))
    }
}
