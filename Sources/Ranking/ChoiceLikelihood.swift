import Foundation

/// The penalised log-likelihood of weights, its gradient and its curvature.
package struct ChoiceLikelihood {
    /// One evaluated point.
    package struct Point {
        /// The penalised log-likelihood of all choices.
        package var value: Double
        /// Without the penalty.
        package var logLikelihood: Double
        /// Derivative of `value` by each weight.
        package var gradient: [Double]
        /// Minus the second derivatives, columns × columns, row-major.
        package var curvature: [Double]
    }

    package let choices: ChoiceSet
    /// The columns whose values differ at all.
    package let varyingColumns: [Int]
    /// Where the penalty is zero, per column.
    package let prior: [Double]
    /// penalty · variance, per column.
    private let ridge: [Double]

    /// - Parameter prior: the weights that the penalty draws towards, one a column; nil: zero.
    package init(_ choices: ChoiceSet, penalty: Double, prior: [Double]? = nil) {
        self.choices = choices
        self.prior = (0..<choices.columns).map { column in
            prior.flatMap { $0.indices.contains(column) ? $0[column] : nil } ?? 0
        }
        let variances = Self.variances(choices)
        varyingColumns = variances.indices.filter { variances[$0] > 1e-12 }
        ridge = variances.map { penalty * $0 }
    }

    /// The penalised log-likelihood alone.
    package func value(_ weights: [Double]) -> Double {
        var value = -penaltyTerm(weights)
        forEachChoice(weights) { _, _, logProbabilityOfChosen, _ in value += logProbabilityOfChosen }
        return value
    }

    /// Value, gradient and curvature.
    ///
    /// For one choice with probabilities p and rows x: gradient x_chosen − m and curvature Σ p x xᵀ − m mᵀ, m = Σ p x.
    package func evaluate(_ weights: [Double]) -> Point {
        let columns = choices.columns
        var point = Point(
            value: 0, logLikelihood: 0, gradient: [Double](repeating: 0, count: columns),
            curvature: [Double](repeating: 0, count: columns * columns))
        var mean = [Double](repeating: 0, count: columns)
        forEachChoice(weights) { rows, chosen, logProbabilityOfChosen, probabilities in
            point.logLikelihood += logProbabilityOfChosen
            for column in 0..<columns { mean[column] = 0 }
            for (place, row) in rows.enumerated() {
                let probability = probabilities[place]
                let base = row * columns
                for i in 0..<columns {
                    let weighted = probability * Double(choices.values[base + i])
                    mean[i] += weighted
                    for j in 0...i { point.curvature[i * columns + j] += weighted * Double(choices.values[base + j]) }
                }
            }
            for i in 0..<columns {
                point.gradient[i] += Double(choices.values[chosen * columns + i]) - mean[i]
                for j in 0...i { point.curvature[i * columns + j] -= mean[i] * mean[j] }
            }
        }
        for i in 0..<columns {
            point.gradient[i] -= ridge[i] * (weights[i] - prior[i])
            point.curvature[i * columns + i] += ridge[i]
            for j in 0..<i { point.curvature[j * columns + i] = point.curvature[i * columns + j] }
        }
        point.value = point.logLikelihood - penaltyTerm(weights)
        return point
    }

    private func penaltyTerm(_ weights: [Double]) -> Double {
        weights.indices.reduce(0) { sum, i in
            sum + 0.5 * ridge[i] * (weights[i] - prior[i]) * (weights[i] - prior[i])
        }
    }

    /// Calls `body` with each choice's rows, its chosen row, the log-probability of that one and all probabilities.
    private func forEachChoice(
        _ weights: [Double], _ body: (Range<Int>, Int, Double, [Double]) -> Void
    ) {
        let columns = choices.columns
        var scores: [Double] = []
        for choice in 0..<choices.count {
            let rows = choices.starts[choice]..<choices.starts[choice + 1]
            scores.removeAll(keepingCapacity: true)
            for row in rows {
                var score = 0.0
                for column in 0..<columns { score += weights[column] * Double(choices.values[row * columns + column]) }
                scores.append(score)
            }
            let chosen = choices.chosen[choice]
            let chosenScore = scores[chosen - rows.lowerBound]
            let highest = scores.max() ?? 0
            var total = 0.0
            for place in scores.indices {
                scores[place] = exp(scores[place] - highest)
                total += scores[place]
            }
            for place in scores.indices { scores[place] /= total }
            body(rows, chosen, chosenScore - highest - log(total), scores)
        }
    }

    private static func variances(_ choices: ChoiceSet) -> [Double] {
        let columns = choices.columns
        var sums = [Double](repeating: 0, count: columns)
        var squares = sums
        for row in 0..<choices.rows {
            for column in 0..<columns {
                let value = Double(choices.values[row * columns + column])
                sums[column] += value
                squares[column] += value * value
            }
        }
        let count = Double(max(1, choices.rows))
        return zip(sums, squares).map { max(0, $1 / count - ($0 / count) * ($0 / count)) }
    }
}
