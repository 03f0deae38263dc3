import COpenBLAS
import Foundation

/// Whether a factor of a product is taken as it lies or transposed.
public enum Transpose: Sendable {
    case no
    case yes

    var cblas: CBLAS_TRANSPOSE { self == .yes ? CblasTrans : CblasNoTrans }
}

/// A number OpenBLAS computes with: `Float` or `Double`.
///
/// The requirements are the few OpenBLAS and LAPACK routines the project uses, in row-major order, on raw memory, and
/// two functions that the standard library's generic numbers lack.
/// Call them through ``BLAS``, ``Matrix``, ``SymmetricEigen`` and ``Cholesky``.
public protocol RealScalar: BinaryFloatingPoint, Sendable {
    /// C (m×n) = alpha · op(A) (m×k) · op(B) (k×n) + beta · C; strides are elements from row to row.
    static func gemm(
        _ transposeA: Transpose, _ transposeB: Transpose, m: Int, n: Int, k: Int,
        alpha: Self, a: UnsafePointer<Self>, strideA: Int, b: UnsafePointer<Self>, strideB: Int,
        beta: Self, c: UnsafeMutablePointer<Self>, strideC: Int)

    /// y = alpha · op(A) · x + beta · y, where A is stored as `rows` × `columns`.
    static func gemv(
        _ transposeA: Transpose, rows: Int, columns: Int,
        alpha: Self, a: UnsafePointer<Self>, strideA: Int, x: UnsafePointer<Self>,
        beta: Self, y: UnsafeMutablePointer<Self>)

    /// LAPACK `syevd`: eigenvalues ascending into `values` (n), eigenvectors as rows over `a` (n×n). Returns LAPACK's `info`.
    static func symmetricEigen(n: Int, a: UnsafeMutablePointer<Self>, values: UnsafeMutablePointer<Self>) -> Int

    /// LAPACK `potrf`: the lower factor L of A = L·Lᵀ over the lower triangle of `a` (n×n). Returns LAPACK's `info`.
    static func choleskyFactor(n: Int, a: UnsafeMutablePointer<Self>) -> Int

    /// Solves op(L)·X = B in place, L lower triangular n×n, B n×columns.
    static func solveLower(
        _ transpose: Transpose, n: Int, columns: Int, l: UnsafePointer<Self>, b: UnsafeMutablePointer<Self>)

    /// e^x by the C library.
    static func exponential(_ x: Self) -> Self

    /// The natural logarithm of x by the C library.
    static func logarithm(_ x: Self) -> Self
}

// LAPACK is column-major. Its matrices here are symmetric, so only the name of the triangle changes ("U" names the lower
// one of row-major storage), and eigenvectors that it writes as columns are our rows.

extension Float: RealScalar {
    /// C = alpha · op(A) · op(B) + beta · C by `cblas_sgemm`.
    public static func gemm(
        _ transposeA: Transpose, _ transposeB: Transpose, m: Int, n: Int, k: Int,
        alpha: Float, a: UnsafePointer<Float>, strideA: Int, b: UnsafePointer<Float>, strideB: Int,
        beta: Float, c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        BLAS.useOneThread()
        cblas_sgemm(
            CblasRowMajor, transposeA.cblas, transposeB.cblas, blasint(m), blasint(n), blasint(k),
            alpha, a, blasint(strideA), b, blasint(strideB), beta, c, blasint(strideC))
    }

    /// y = alpha · op(A) · x + beta · y by `cblas_sgemv`.
    public static func gemv(
        _ transposeA: Transpose, rows: Int, columns: Int,
        alpha: Float, a: UnsafePointer<Float>, strideA: Int, x: UnsafePointer<Float>,
        beta: Float, y: UnsafeMutablePointer<Float>
    ) {
        BLAS.useOneThread()
        cblas_sgemv(
            CblasRowMajor, transposeA.cblas, blasint(rows), blasint(columns), alpha, a, blasint(strideA), x, 1, beta, y,
            1)
    }

    /// Eigenvalues and eigenvectors by LAPACK's `ssyevd`.
    public static func symmetricEigen(
        n: Int, a: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>
    ) -> Int {
        BLAS.useOneThread()
        var order = blasint(n)
        var info: blasint = 0
        var size: Float = 0
        var integerSize: blasint = 0
        var query: blasint = -1
        ssyevd_("V", "U", &order, a, &order, values, &size, &query, &integerSize, &query, &info, 1, 1)
        guard info == 0 else { return Int(info) }
        // The size comes back rounded to a Float: take LAPACK's documented minimum when that is more.
        var workCount = blasint(max(Int(size), 1 + 6 * n + 2 * n * n))
        var work = [Float](repeating: 0, count: Int(workCount))
        var integers = [blasint](repeating: 0, count: Int(integerSize))
        ssyevd_("V", "U", &order, a, &order, values, &work, &workCount, &integers, &integerSize, &info, 1, 1)
        return Int(info)
    }

    /// The Cholesky factor by LAPACK's `spotrf`.
    public static func choleskyFactor(n: Int, a: UnsafeMutablePointer<Float>) -> Int {
        BLAS.useOneThread()
        var order = blasint(n)
        var info: blasint = 0
        spotrf_("U", &order, a, &order, &info, 1)
        return Int(info)
    }

    /// Solves op(L)·X = B by `cblas_strsm`.
    public static func solveLower(
        _ transpose: Transpose, n: Int, columns: Int, l: UnsafePointer<Float>, b: UnsafeMutablePointer<Float>
    ) {
        BLAS.useOneThread()
        cblas_strsm(
            CblasRowMajor, CblasLeft, CblasLower, transpose.cblas, CblasNonUnit,
            blasint(n), blasint(columns), 1, l, blasint(n), b, blasint(columns))
    }

    /// e^x.
    public static func exponential(_ x: Float) -> Float { Foundation.exp(x) }

    /// The natural logarithm of x.
    public static func logarithm(_ x: Float) -> Float { Foundation.log(x) }
}

extension Double: RealScalar {
    /// C = alpha · op(A) · op(B) + beta · C by `cblas_dgemm`.
    public static func gemm(
        _ transposeA: Transpose, _ transposeB: Transpose, m: Int, n: Int, k: Int,
        alpha: Double, a: UnsafePointer<Double>, strideA: Int, b: UnsafePointer<Double>, strideB: Int,
        beta: Double, c: UnsafeMutablePointer<Double>, strideC: Int
    ) {
        BLAS.useOneThread()
        cblas_dgemm(
            CblasRowMajor, transposeA.cblas, transposeB.cblas, blasint(m), blasint(n), blasint(k),
            alpha, a, blasint(strideA), b, blasint(strideB), beta, c, blasint(strideC))
    }

    /// y = alpha · op(A) · x + beta · y by `cblas_dgemv`.
    public static func gemv(
        _ transposeA: Transpose, rows: Int, columns: Int,
        alpha: Double, a: UnsafePointer<Double>, strideA: Int, x: UnsafePointer<Double>,
        beta: Double, y: UnsafeMutablePointer<Double>
    ) {
        BLAS.useOneThread()
        cblas_dgemv(
            CblasRowMajor, transposeA.cblas, blasint(rows), blasint(columns), alpha, a, blasint(strideA), x, 1, beta, y,
            1)
    }

    /// Eigenvalues and eigenvectors by LAPACK's `dsyevd`.
    public static func symmetricEigen(
        n: Int, a: UnsafeMutablePointer<Double>, values: UnsafeMutablePointer<Double>
    ) -> Int {
        BLAS.useOneThread()
        var order = blasint(n)
        var info: blasint = 0
        var size: Double = 0
        var integerSize: blasint = 0
        var query: blasint = -1
        dsyevd_("V", "U", &order, a, &order, values, &size, &query, &integerSize, &query, &info, 1, 1)
        guard info == 0 else { return Int(info) }
        var workCount = blasint(max(Int(size), 1 + 6 * n + 2 * n * n))
        var work = [Double](repeating: 0, count: Int(workCount))
        var integers = [blasint](repeating: 0, count: Int(integerSize))
        dsyevd_("V", "U", &order, a, &order, values, &work, &workCount, &integers, &integerSize, &info, 1, 1)
        return Int(info)
    }

    /// The Cholesky factor by LAPACK's `dpotrf`.
    public static func choleskyFactor(n: Int, a: UnsafeMutablePointer<Double>) -> Int {
        BLAS.useOneThread()
        var order = blasint(n)
        var info: blasint = 0
        dpotrf_("U", &order, a, &order, &info, 1)
        return Int(info)
    }

    /// Solves op(L)·X = B by `cblas_dtrsm`.
    public static func solveLower(
        _ transpose: Transpose, n: Int, columns: Int, l: UnsafePointer<Double>, b: UnsafeMutablePointer<Double>
    ) {
        BLAS.useOneThread()
        cblas_dtrsm(
            CblasRowMajor, CblasLeft, CblasLower, transpose.cblas, CblasNonUnit,
            blasint(n), blasint(columns), 1, l, blasint(n), b, blasint(columns))
    }

    /// e^x.
    public static func exponential(_ x: Double) -> Double { Foundation.exp(x) }

    /// The natural logarithm of x.
    public static func logarithm(_ x: Double) -> Double { Foundation.log(x) }
}
