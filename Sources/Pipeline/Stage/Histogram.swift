/// Counts of values between fixed bounds, as Prometheus' histograms keep them.
package struct Histogram: Sendable, Equatable {
    /// Upper bounds of the buckets, ascending; what lies above the last is in ``count`` alone.
    package let bounds: [Double]
    /// Values in each bucket, those of lower ones left out.
    package private(set) var counts: [Int]
    /// All values.
    package private(set) var count = 0
    /// Their sum.
    package private(set) var sum = 0.0

    /// No values yet.
    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count)
    }

    package mutating func observe(_ value: Double) {
        if let bucket = bounds.firstIndex(where: { value <= $0 }) { counts[bucket] += 1 }
        count += 1
        sum += value
    }

    /// From a tenth of a millisecond to ten seconds.
    package static let seconds = Histogram(
        bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
    /// From a note's arrival to its list: half a hundredth of a second to ten minutes.
    package static let freshness = Histogram(
        bounds: [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 600])
    /// Records in a batch.
    package static let records = Histogram(bounds: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000])
}
