/// The weights a fit found.
public struct FittedWeights: Sendable, Equatable {
    /// One weight per column.
    public var weights: [Double]
    /// Mean log-likelihood of a choice, without the penalty; the higher the better, −ln(candidates) by chance.
    public var logLikelihood: Double
    /// Newton steps taken.
    public var iterations: Int
}

/// Why weights could not be fitted.
public enum WeightFitError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is nothing to learn from.
    case noChoices
    /// The curvature could not be inverted: a penalty of zero with columns that depend on one another.
    case dependentColumns

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .noChoices:
            "No choices to fit weights on: the log holds no first-time engagement after its warm-up. Use a longer log."
        case .dependentColumns:
            "The features depend on one another and the penalty is zero: use a penalty above zero."
        }
    }
}

/// Conditional logit (McFadden 1974): the weights under which the observed choices are most likely, where a candidate
/// with features x is chosen with probability exp(w·x) / Σ exp(w·x') over its choice's candidates.
///
/// The objective is Σ log p(chosen) − penalty/2 · Σ_j (sd_j · (w_j − prior_j))², concave, with sd_j the spread of column j,
/// so that the penalty does not depend on a feature's unit; a column that never varies keeps its prior, 0 without one.
/// Newton's method with step halving; the same data give the same bits.
public struct WeightFit: Sendable {
    /// Strength of the penalty, in choices: 10 holds weights back as ten choices would.
    public var penalty: Double
    /// Columns whose weight must not be negative. One that comes out negative is held at zero and the rest fitted again.
    public var nonNegative: Set<Int>
    /// Columns that are left out, as in an ablation.
    public var heldAtZero: Set<Int>
    /// The weights that the penalty draws towards, one a column; nil: zero.
    public var prior: [Double]?
    private let maximumIterations = 100

    /// A fit with its settings.
    public init(
        penalty: Double = 10, nonNegative: Set<Int> = [], heldAtZero: Set<Int> = [], prior: [Double]? = nil
    ) {
        self.penalty = penalty
        self.nonNegative = nonNegative
        self.heldAtZero = heldAtZero
        self.prior = prior
    }

    /// The weights of highest penalised likelihood.
    public func fit(_ choices: ChoiceSet) throws(WeightFitError) -> FittedWeights {
        guard choices.count > 0 else { throw .noChoices }
        let likelihood = ChoiceLikelihood(choices, penalty: penalty, prior: prior)
        var free = likelihood.varyingColumns.filter { !heldAtZero.contains($0) }
        while true {
            let fitted = try maximise(likelihood, free: free)
            let worst = free.filter { nonNegative.contains($0) && fitted.weights[$0] < 0 }
                .min { fitted.weights[$0] < fitted.weights[$1] }
            guard let worst else { return fitted }
            free.removeAll { $0 == worst }
        }
    }

    /// Newton's method over the `free` columns, from the prior; of the others, those that never vary keep the prior and
    /// those held stay zero.
    private func maximise(_ likelihood: ChoiceLikelihood, free: [Int]) throws(WeightFitError) -> FittedWeights {
        var weights = [Double](repeating: 0, count: likelihood.choices.columns)
        let varying = Set(likelihood.varyingColumns)
        for column in weights.indices where free.contains(column) || !varying.contains(column) {
            guard !heldAtZero.contains(column) else { continue }
            let prior = likelihood.prior[column]
            weights[column] = nonNegative.contains(column) ? max(0, prior) : prior
        }
        var current = likelihood.evaluate(weights)
        var iterations = 0
        while iterations < maximumIterations, !free.isEmpty {
            iterations += 1
            guard let step = Self.newtonStep(current, free: free) else { throw .dependentColumns }
            var scale = 1.0
            var next = weights
            var value = -Double.infinity
            while scale > 1e-8 {
                for (place, column) in free.enumerated() { next[column] = weights[column] + scale * step[place] }
                value = likelihood.value(next)
                if value >= current.value { break }
                scale /= 2
            }
            guard value > current.value else { break }
            let gain = value - current.value
            weights = next
            current = likelihood.evaluate(weights)
            if gain < 1e-9 * (1 + abs(value)) { break }
        }
        return FittedWeights(
            weights: weights, logLikelihood: current.logLikelihood / Double(likelihood.choices.count),
            iterations: iterations)
    }

    /// Solves curvature · step = gradient over the free columns by Cholesky's method; nil where it breaks down.
    private static func newtonStep(_ point: ChoiceLikelihood.Point, free: [Int]) -> [Double]? {
        let n = free.count
        let columns = point.gradient.count
        var factor = [Double](repeating: 0, count: n * n)
        for row in 0..<n {
            for column in 0...row {
                var sum = point.curvature[free[row] * columns + free[column]]
                for k in 0..<column { sum -= factor[row * n + k] * factor[column * n + k] }
                if row == column {
                    guard sum > 0, sum.isFinite else { return nil }
                    factor[row * n + row] = sum.squareRoot()
                } else {
                    factor[row * n + column] = sum / factor[column * n + column]
                }
            }
        }
        var step = free.map { point.gradient[$0] }
        for row in 0..<n {
            for k in 0..<row { step[row] -= factor[row * n + k] * step[k] }
            step[row] /= factor[row * n + row]
        }
        for row in (0..<n).reversed() {
            for k in (row + 1)..<n { step[row] -= factor[k * n + row] * step[k] }
            step[row] /= factor[row * n + row]
        }
        return step
    }
}
