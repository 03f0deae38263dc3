import Tensors

/// Scores of notes by regressions that have not seen them: every fold is one stretch of time, predicted from the rest.
///
/// Stretches, not every fifth note: neighbours in time share a topic and often an author, and would vouch for each other.
package struct OutOfFold {
    /// Stretches of consecutive notes that together are all notes.
    package let folds: [Range<Int>]
    let count: Int

    /// Cuts `count` notes, ordered by time, into `folds` stretches (fewer when there are fewer notes).
    package init(count: Int, folds: Int = 5) {
        self.count = count
        let folds = min(folds, count)
        self.folds = (0..<folds).map { count * $0 / folds..<count * ($0 + 1) / folds }
    }

    /// All notes but those of one fold.
    package func training(without fold: Range<Int>) -> [Int] { (0..<count).filter { !fold.contains($0) } }

    /// The predictions (notes × targets) of kernel ridge regression: the training notes' mean target plus
    /// K(fold, training)·(K(training, training) + penalty·I)⁻¹·(targets − mean).
    package func ridge(
        kernel: Matrix<Double>, targets: Matrix<Double>, penalty: Double
    ) throws(NoteLLMError) -> Matrix<Double> {
        var predictions = Matrix<Double>(rows: count, columns: targets.columns)
        for fold in folds {
            let training = training(without: fold)
            var centred = targets.picking(rows: training, columns: Array(0..<targets.columns))
            let means = centred.centreColumns()
            let dual = try Self.dualWeights(
                kernel: kernel.picking(rows: training, columns: training), targets: centred, penalty: penalty)
            let scores = kernel.picking(rows: Array(fold), columns: training).times(dual)
            for (row, note) in fold.enumerated() {
                predictions.withMutableRow(note) { target in
                    for j in target.indices { target[j] = scores[row, j] + means[j] }
                }
            }
        }
        return predictions
    }

    /// The predictions of the penalty among `penalties` whose squared error is least.
    package func bestRidge(
        kernel: Matrix<Double>, targets: Matrix<Double>, penalties: [Double]
    ) throws(NoteLLMError) -> (penalty: Double, predictions: Matrix<Double>) {
        var best: (penalty: Double, predictions: Matrix<Double>, error: Double)?
        for penalty in penalties {
            let predictions = try ridge(kernel: kernel, targets: targets, penalty: penalty)
            let error = zip(predictions.elements, targets.elements).reduce(0.0) { sum, pair in
                sum + (pair.0 - pair.1) * (pair.0 - pair.1)
            }
            if error < best?.error ?? .infinity { best = (penalty, predictions, error) }
        }
        guard let best else {
            throw NoteLLMError(.numeric, "No ridge penalty of \(penalties) gives finite predictions of \(count) notes.")
        }
        return (best.penalty, best.predictions)
    }

    /// (kernel + penalty·I)⁻¹·targets.
    static func dualWeights(
        kernel: Matrix<Double>, targets: Matrix<Double>, penalty: Double
    ) throws(NoteLLMError) -> Matrix<Double> {
        var gram = kernel
        for i in 0..<gram.rows { gram[i, i] += penalty }
        do {
            return try Cholesky(gram).solve(targets)
        } catch {
            throw NoteLLMError(.numeric, "Ridge regression over \(gram.rows) notes has no solution. \(error)")
        }
    }
}
