import Support
import Tensors
import Testing

@Suite struct DecompositionTests {
    @Test func eigenvectorsReproduceTheMatrix() throws {
        try decompose(Float.self, within: 2e-4)
        try decompose(Double.self, within: 1e-11)
    }

    private func decompose<Scalar: RealScalar>(_ type: Scalar.Type, within tolerance: Double) throws {
        var random = SeededGenerator(seed: 3)
        for n in [1, 2, 5, 40, 97] {
            let half: Matrix<Scalar> = randomMatrix(n, n, &random)
            let matrix = half.timesTransposed(half)
            let eigen = try SymmetricEigen(matrix)
            #expect(eigen.values == eigen.values.sorted(by: >))
            var scaled = eigen.vectors
            for i in 0..<n { for j in 0..<n { scaled[i, j] *= eigen.values[i] } }
            #expect(largestDifference(eigen.vectors.transposedTimes(scaled), matrix) < tolerance * Double(n))
            #expect(largestDifference(eigen.vectors.timesTransposed(eigen.vectors), .diagonal(n)) < tolerance)
            for i in 0..<n {
                let row = eigen.vectors.row(i)
                let peak = row.max { abs($0) < abs($1) }
                #expect(peak.map { $0 > 0 } == true)
            }
        }
    }

    @Test func onlyTheLowerTriangleIsRead() throws {
        let eigen = try SymmetricEigen(Matrix<Double>([[2, 1e9], [1, 2]]))
        #expect(abs(eigen.values[0] - 3) < 1e-12 && abs(eigen.values[1] - 1) < 1e-12)
        let solution = try Cholesky(Matrix<Double>([[2, 1e9], [1, 2]])).solve(Matrix([[3], [3]]))
        #expect(largestDifference(solution, Matrix([[1], [1]])) < 1e-12)
    }

    @Test func badMatricesAreRefused() {
        #expect(throws: TensorError.self) { try SymmetricEigen(Matrix<Float>([[1, 0], [.nan, 1]])) }
        #expect { try Cholesky(Matrix<Float>([[1, 2], [2, 1]])) } throws: {
            ($0 as? TensorError)?.kind == .notPositiveDefinite
        }
        #expect(throws: TensorError.self) { try Cholesky(Matrix<Double>([[.nan, 0], [0, 1]])) }
    }

    @Test func ridgeSolvesItsNormalEquations() throws {
        try solveRidge(Float.self, within: 2e-3)
        try solveRidge(Double.self, within: 1e-10)
    }

    private func solveRidge<Scalar: RealScalar>(_ type: Scalar.Type, within tolerance: Double) throws {
        var random = SeededGenerator(seed: 4)
        // More rows than features, and fewer: both forms.
        for (rows, features, targets) in [(80, 20, 3), (20, 80, 3), (1, 1, 1), (30, 30, 7)] {
            let x: Matrix<Scalar> = randomMatrix(rows, features, &random)
            let y: Matrix<Scalar> = randomMatrix(rows, targets, &random)
            let weights = try Ridge.weights(features: x, targets: y, penalty: 0.5)
            var normal = x.transposedTimes(x)
            for i in 0..<features { normal[i, i] += 0.5 }
            #expect(largestDifference(normal.times(weights), x.transposedTimes(y)) < tolerance)
        }
    }

    @Test func columnsAndRowsAreStandardised() {
        var random = SeededGenerator(seed: 5)
        var matrix: Matrix<Float> = randomMatrix(50, 6, &random)
        let means = matrix.columnMeans()
        let deviations = matrix.columnStandardDeviations(about: means)
        for j in 0..<6 {
            let column = (0..<50).map { Double(matrix[$0, j]) }
            let mean = column.reduce(0, +) / 50
            let deviation = (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 50).squareRoot()
            #expect(abs(Double(means[j]) - mean) < 1e-6 && abs(Double(deviations[j]) - deviation) < 1e-6)
        }
        matrix.standardise(means: means, deviations: deviations)
        #expect(matrix.columnMeans().allSatisfy { abs($0) < 1e-6 })
        var rows = Matrix<Float>([[3, 4], [0, 0]])
        rows.normaliseRows()
        #expect(rows == Matrix([[0.6, 0.8], [0, 0]]))
        #expect(Vector.dot([1, 2], [3, 4] as [Float]) == 11)
    }
}
