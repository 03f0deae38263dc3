import Foundation
import Tensors

/// The category of a note: a linear head on the pooled state, turned into probabilities over the known labels, and
/// joined with the language model's likelihood of each label where the version asks for it.
package struct CategoryHead: Sendable {
    /// The labels, sorted by bytes.
    package let labels: [String]
    /// Share of the training notes with each label.
    let shares: [Float]
    /// Labels × width, over the standardised state.
    let linear: Matrix<Float>
    package let decision: CategoryDecision

    static let maximumLabels = 256

    /// The probability of each label.
    ///
    /// - Parameter likelihoods: the language model's log-likelihood of each label, in the labels' order; nil: left out.
    package func probabilities(standardised state: [Float], likelihoods: [Double]?) -> [Double] {
        Self.probabilities(
            scores: linear.times(state).map(Double.init), shares: shares.map(Double.init),
            likelihoods: decision.likelihoodWeight == 0 ? nil : likelihoods, decision: decision)
    }

    /// The best label with its probability; no label below the confidence.
    package func best(standardised state: [Float], likelihoods: [Double]?) -> (label: String?, score: Double) {
        let probabilities = probabilities(standardised: state, likelihoods: likelihoods)
        guard let best = HashtagScorer.largest(probabilities, 1).first else { return (nil, 0) }
        let score = probabilities[best]
        return (score >= decision.confidence ? labels[best] : nil, score)
    }

    /// softmax(ln share + sharpness · score + likelihoodWeight · likelihood).
    static func probabilities(
        scores: [Double], shares: [Double], likelihoods: [Double]?, decision: CategoryDecision
    ) -> [Double] {
        var logits = scores.indices.map { log(max(shares[$0], 1e-9)) + decision.sharpness * scores[$0] }
        if let likelihoods {
            precondition(likelihoods.count == logits.count, "one likelihood per label")
            for i in logits.indices { logits[i] += decision.likelihoodWeight * likelihoods[i] }
        }
        let peak = logits.max() ?? 0
        let weights = logits.map { exp($0 - peak) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }
}

extension ModelVersion {
    /// The likeliest category of a note by the head alone, sure or not: to judge it.
    package func likeliestCategory(pooled: [Float]) -> String? {
        guard let categoryHead else { return nil }
        let probabilities = categoryHead.probabilities(
            standardised: standardiser.standardised(pooled), likelihoods: nil)
        return HashtagScorer.largest(probabilities, 1).first.map { categoryHead.labels[$0] }
    }
}
