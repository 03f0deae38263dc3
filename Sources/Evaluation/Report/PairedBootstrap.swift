import Tensors

/// The difference of two rankings on the same tests, and how sure it is.
public struct PairedDifference: Sendable, Equatable {
    /// The first ranking's name.
    public let first: String
    /// The second ranking's name.
    public let second: String
    /// `hit10` or `mrr`.
    public let metric: String
    /// First minus second.
    public let difference: Double
    /// The middle 95 % of the resampled differences.
    public let interval: ClosedRange<Double>
    /// The share of resampled differences at or below zero.
    public let chanceOfNone: Double
}

/// The paired bootstrap: both rankings are judged on the same resampled tests. Whole users are resampled, with their
/// tests, because one user's tests are alike (Efron and Tibshirani 1993, ch. 8).
package struct PairedBootstrap {
    private let resamples: Int
    private let seed: UInt64

    package init(resamples: Int, seed: UInt64) {
        self.resamples = resamples
        self.seed = seed
    }

    /// - Parameters:
    ///   - users: the user of each test.
    ///   - values: of each test, first ranking minus second.
    package func interval(users: [Int], values: [Double]) -> (interval: ClosedRange<Double>, chanceOfNone: Double) {
        var places: [Int: Int] = [:]
        var sums: [Double] = []
        var counts: [Int] = []
        for (user, value) in zip(users, values) {
            let place = places[user] ?? sums.count
            if place == sums.count {
                places[user] = place
                sums.append(0)
                counts.append(0)
            }
            sums[place] += value
            counts[place] += 1
        }
        guard !sums.isEmpty, resamples > 0 else { return (0...0, 1) }
        var generator = SplitMix64(seed: seed)
        var differences: [Double] = []
        differences.reserveCapacity(resamples)
        for _ in 0..<resamples {
            var sum = 0.0
            var count = 0
            for _ in sums.indices {
                let drawn = generator.below(sums.count)
                sum += sums[drawn]
                count += counts[drawn]
            }
            differences.append(sum / Double(count))
        }
        differences.sort()
        let edge = Int(Double(resamples) * 0.025)
        let none = Double(differences.count { $0 <= 0 }) / Double(resamples)
        return (differences[edge]...differences[resamples - 1 - edge], none)
    }

    /// Both metrics of two tallies.
    func compare(_ first: String, _ second: String, in result: PrequentialResult) -> [PairedDifference] {
        guard let one = result.tallies[first]?.ranks, let other = result.tallies[second]?.ranks else { return [] }
        let metrics: [(String, (Double) -> Double)] = [("hit10", { $0 <= 10 ? 1 : 0 }), ("mrr", { 1 / $0 })]
        return metrics.map { name, value in
            let values = zip(one, other).map { value($0) - value($1) }
            let found = interval(users: result.users, values: values)
            return PairedDifference(
                first: first, second: second, metric: name,
                difference: values.reduce(0, +) / Double(max(1, values.count)), interval: found.interval,
                chanceOfNone: found.chanceOfNone)
        }
    }
}
