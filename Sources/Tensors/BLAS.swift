import COpenBLAS

/// OpenBLAS as the project uses it: one thread per call, parallelism above, the environment passed on untouched.
public enum BLAS {
    // Small products split over threads collapse on a busy machine, and a fixed number of threads fixes the order of
    // sums. Evaluated once, before the first call of any routine.
    private static let oneThread: Void = openblas_set_num_threads(1)

    /// Sets one thread per call, at the first use of OpenBLAS.
    @inline(__always)
    static func useOneThread() { oneThread }

    /// The kernels OpenBLAS chose for this processor, such as `Haswell` or `SkylakeX`.
    public static var kernelName: String {
        openblas_get_corename().map { String(cString: $0) } ?? "unknown"
    }

    /// Compares products with plain loops, and refuses an OpenBLAS whose kernels compute wrong results here (seen on
    /// processors newer than the library). Takes a few milliseconds.
    ///
    /// - Throws: ``TensorError`` of kind `wrongArithmetic`, with advice.
    public static func check() throws(TensorError) {
        // Ragged edges, full inner tiles, and one product large enough (m·n·k > 10⁶) for the kernels that pack their
        // operands: OpenBLAS computes smaller ones by others.
        for (m, n, k) in [(1, 1, 1), (7, 5, 3), (33, 65, 17), (70, 150, 100)] {
            for transposeA in [Transpose.no, .yes] {
                for transposeB in [Transpose.no, .yes] {
                    try checkGemm(Float.self, transposeA, transposeB, m, n, k)
                    try checkGemm(Double.self, transposeA, transposeB, m, n, k)
                }
                try checkGemv(Float.self, transposeA, m, n)
                try checkGemv(Double.self, transposeA, m, n)
            }
        }
    }

    // Small integers: every product and sum is exact in Float, whatever the order, so equality is the right question.
    private static func pattern<Scalar: RealScalar>(_ count: Int, _ seed: Int) -> [Scalar] {
        (0..<count).map { Scalar(($0 * 7 + seed) % 13 - 6) }
    }

    private static func checkGemm<Scalar: RealScalar>(
        _ type: Scalar.Type, _ transposeA: Transpose, _ transposeB: Transpose, _ m: Int, _ n: Int, _ k: Int
    ) throws(TensorError) {
        let a: [Scalar] = pattern(m * k, 1)  // op(A), m×k
        let b: [Scalar] = pattern(k * n, 5)  // op(B), k×n
        var c: [Scalar] = pattern(m * n, 3)
        var expected = c
        for i in 0..<m {
            for p in 0..<k {
                let left = a[i * k + p]
                for j in 0..<n { expected[i * n + j] += left * b[p * n + j] }
            }
        }
        let storedA = transposeA == .yes ? Matrix(rows: m, columns: k, elements: a).transposed().elements : a
        let storedB = transposeB == .yes ? Matrix(rows: k, columns: n, elements: b).transposed().elements : b
        Scalar.gemm(
            transposeA, transposeB, m: m, n: n, k: k, alpha: 1, a: storedA, strideA: transposeA == .yes ? m : k,
            b: storedB, strideB: transposeB == .yes ? k : n, beta: 1, c: &c, strideC: n)
        guard c == expected else { throw wrong("\(Scalar.self) matrix product of \(m)×\(k) and \(k)×\(n)") }
    }

    private static func checkGemv<Scalar: RealScalar>(
        _ type: Scalar.Type, _ transposeA: Transpose, _ rows: Int, _ columns: Int
    ) throws(TensorError) {
        let a: [Scalar] = pattern(rows * columns, 1)
        let x: [Scalar] = pattern(transposeA == .yes ? rows : columns, 5)
        var y: [Scalar] = pattern(transposeA == .yes ? columns : rows, 3)
        var expected = y
        for i in 0..<rows {
            for j in 0..<columns {
                if transposeA == .yes {
                    expected[j] += a[i * columns + j] * x[i]
                } else {
                    expected[i] += a[i * columns + j] * x[j]
                }
            }
        }
        Scalar.gemv(transposeA, rows: rows, columns: columns, alpha: 1, a: a, strideA: columns, x: x, beta: 1, y: &y)
        guard y == expected else { throw wrong("\(Scalar.self) product of a \(rows)×\(columns) matrix and a vector") }
    }

    package static func wrong(_ product: String) -> TensorError {
        TensorError(
            .wrongArithmetic,
            "OpenBLAS computes a wrong \(product) on this processor with its kernels for \"\(kernelName)\". "
                + "Set the environment variable OPENBLAS_CORETYPE to kernels that suit it (try Haswell, then Sandybridge, "
                + "then Nehalem) and start again, or install a newer OpenBLAS.")
    }
}
