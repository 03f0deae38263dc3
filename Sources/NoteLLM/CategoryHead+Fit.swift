import Foundation
import Tensors

extension CategoryHead {
    static let penalties: [Double] = [0.3, 1, 3, 10]
    static let sharpnesses: [Double] = [1, 2, 4, 6, 8, 12, 16, 24, 32]
    static let likelihoodWeights: [Double] = [0, 0.05, 0.1, 0.2, 0.5, 1]
    /// Below this probability a label is a guess that is better not shown.
    package static let standardConfidence = 0.35

    /// Fits the head on notes with a category, ordered by time; nil when there are none.
    ///
    /// - Parameters:
    ///   - states: standardised, notes × width.
    ///   - labels: the categories to tell apart, sorted by bytes.
    ///   - likelihoods: per note the language model's log-likelihood of each label; nil: the head goes without.
    /// - Returns: the head, and its accuracy on notes that it had not seen (nil where there is nothing to tell apart).
    package static func fit(
        states: Matrix<Float>, categories: [String], labels: [String], likelihoods: [[Double]]?, validationRows: [Int]
    ) throws(NoteLLMError) -> (head: CategoryHead, accuracy: Double?)? {
        let table = LabelTable(categories.map { [$0] }, labels: labels)
        guard !table.labels.isEmpty, !categories.isEmpty else { return nil }
        let targets = table.targets()
        let shares = targets.columnMeans()
        guard table.labels.count > 1, validationRows.count >= 5 else {
            // One label, or too few notes to learn what sets labels apart: the shares alone decide.
            let decision = CategoryDecision(sharpness: 0, likelihoodWeight: 0, confidence: standardConfidence)
            let linear = Matrix<Float>(rows: table.labels.count, columns: states.columns)
            return (
                CategoryHead(
                    labels: table.labels, shares: shares.map { Float($0) }, linear: linear, decision: decision),
                nil
            )
        }
        let (penalty, decision, accuracy) = try validate(
            states: states.picking(validationRows), table: table.picking(validationRows),
            likelihoods: likelihoods.map { all in validationRows.map { all[$0] } })
        let linear = try LinearHead.fit(standardised: states, targets: targets, penalty: penalty)
        return (
            CategoryHead(labels: table.labels, shares: shares.map { Float($0) }, linear: linear, decision: decision),
            accuracy
        )
    }

    /// Finds penalty, sharpness and likelihood weight by the log-likelihood of unseen notes' labels.
    private static func validate(
        states: Matrix<Float>, table: LabelTable, likelihoods: [[Double]]?
    ) throws(NoteLLMError) -> (penalty: Double, decision: CategoryDecision, accuracy: Double) {
        let targets = table.targets()
        let shares = targets.columnMeans()
        let outOfFold = OutOfFold(count: table.rows.count)
        let (penalty, predictions) = try outOfFold.bestRidge(
            kernel: Kernels.dense(standardised: states), targets: targets, penalties: penalties)
        // The served score is the distance from the share.
        let scores = (0..<predictions.rows).map { note in zip(predictions.row(note), shares).map { $0 - $1 } }

        var best: (decision: CategoryDecision, logLikelihood: Double, accuracy: Double)?
        for weight in likelihoods == nil ? [0] : likelihoodWeights {
            for sharpness in sharpnesses {
                let decision = CategoryDecision(
                    sharpness: sharpness, likelihoodWeight: weight, confidence: standardConfidence)
                var logLikelihood = 0.0
                var right = 0
                for (note, row) in table.rows.enumerated() {
                    guard let label = row.first else { continue }
                    let probabilities = probabilities(
                        scores: scores[note], shares: shares, likelihoods: likelihoods?[note], decision: decision)
                    logLikelihood += log(max(probabilities[label], 1e-12))
                    right += HashtagScorer.largest(probabilities, 1).first == label ? 1 : 0
                }
                if logLikelihood > best?.logLikelihood ?? -.infinity {
                    best = (decision, logLikelihood, Double(right) / Double(max(table.rows.count, 1)))
                }
            }
        }
        guard let best else {
            throw NoteLLMError(.numeric, "The category head of \(table.rows.count) notes gives no finite probability.")
        }
        return (penalty, best.decision, best.accuracy)
    }
}
