extension Matrix {
    /// The mean of each column (`columns` long), summed in Double in row order. Zero rows give zeros.
    @inlinable
    public func columnMeans() -> [Scalar] {
        columnSums { Double($0) }.map { Scalar($0 / Double(max(rows, 1))) }
    }

    /// The population standard deviation of each column about `means` (from ``columnMeans()``).
    @inlinable
    public func columnStandardDeviations(about means: [Scalar]) -> [Scalar] {
        precondition(means.count == columns, "one mean per column")
        var sums = [Double](repeating: 0, count: columns)
        withElements { all in
            for i in 0..<rows {
                for j in 0..<columns {
                    let distance = Double(all[i * columns + j]) - Double(means[j])
                    sums[j] += distance * distance
                }
            }
        }
        return sums.map { Scalar(($0 / Double(max(rows, 1))).squareRoot()) }
    }

    /// Replaces each row x by (x − means) / deviations, column by column. Deviations must not be zero.
    @inlinable
    public mutating func standardise(means: [Scalar], deviations: [Scalar]) {
        precondition(means.count == columns && deviations.count == columns, "one mean and deviation per column")
        let columns = columns
        let rows = rows
        withMutableElements { all in
            for i in 0..<rows {
                for j in 0..<columns {
                    all[i * columns + j] = (all[i * columns + j] - means[j]) / deviations[j]
                }
            }
        }
    }

    /// Scales each row to length 1. A row of zeros stays.
    @inlinable
    public mutating func normaliseRows() {
        for i in 0..<rows { withMutableRow(i) { Vector.normalise($0) } }
    }

    @inlinable
    func columnSums(_ term: (Scalar) -> Double) -> [Double] {
        var sums = [Double](repeating: 0, count: columns)
        withElements { all in
            for i in 0..<rows {
                for j in 0..<columns { sums[j] += term(all[i * columns + j]) }
            }
        }
        return sums
    }
}

/// Operations on rows of numbers. Sums run in Double, in order: the same on every processor.
public enum Vector {
    /// The Euclidean length.
    @inlinable
    public static func norm<Scalar: RealScalar>(_ x: some Collection<Scalar>) -> Scalar {
        Scalar(x.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
    }

    /// The inner product of two vectors of one length.
    @inlinable
    public static func dot<Scalar: RealScalar>(_ x: [Scalar], _ y: [Scalar]) -> Scalar {
        precondition(x.count == y.count, "vectors differ in length")
        var sum = 0.0
        for i in 0..<x.count { sum += Double(x[i]) * Double(y[i]) }
        return Scalar(sum)
    }

    /// `x` scaled to length 1; zeros stay.
    @inlinable
    public static func normalised<Scalar: RealScalar>(_ x: [Scalar]) -> [Scalar] {
        var result = x
        result.withUnsafeMutableBufferPointer { normalise($0) }
        return result
    }

    /// Scales `x` to length 1 in place; zeros stay.
    @inlinable
    public static func normalise<Scalar: RealScalar>(_ x: UnsafeMutableBufferPointer<Scalar>) {
        let length = norm(x)
        guard length > 0 else { return }
        for i in x.indices { x[i] /= length }
    }
}
