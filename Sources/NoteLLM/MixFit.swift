import Tensors

/// Finds the weights that mix several scores into one: least squares without negative weights, drawn toward a prior, so
/// that twenty notes keep the prior and a thousand speak for themselves.
package struct MixFit {
    private var gram: Matrix<Double>
    private var moments: [Double]
    private let prior: [Double]

    /// - Parameter strength: how many units of squared score the prior is worth.
    package init(prior: [Double], strength: Double) {
        gram = .diagonal(prior.count, strength)
        moments = prior.map { $0 * strength }
        self.prior = prior
    }

    /// Takes in one pair of a note and a label: its scores by part, and whether the label is right.
    package mutating func add(_ scores: [Double], target: Double) {
        for i in scores.indices where scores[i] != 0 {
            moments[i] += scores[i] * target
            for j in scores.indices { gram[i, j] += scores[i] * scores[j] }
        }
    }

    /// The weights. A part whose weight would be negative is left out and the rest solved again, worst first.
    package func weights() throws(NoteLLMError) -> [Double] {
        var parts = Array(prior.indices)
        while !parts.isEmpty {
            let rightSide = Matrix(rows: parts.count, columns: 1, elements: parts.map { moments[$0] })
            let solution = try OutOfFold.dualWeights(
                kernel: gram.picking(rows: parts, columns: parts), targets: rightSide, penalty: 0
            ).elements
            if let worst = solution.indices.min(by: { solution[$0] < solution[$1] }), solution[worst] < 0 {
                parts.remove(at: worst)
                continue
            }
            var weights = [Double](repeating: 0, count: prior.count)
            for (part, weight) in zip(parts, solution) { weights[part] = weight }
            return weights
        }
        return prior
    }
}
