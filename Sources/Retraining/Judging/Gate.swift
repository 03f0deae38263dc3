import Evaluation
import Foundation

/// What one version did on pairs and notes that it had not seen.
public struct Judgement: Sendable, Equatable {
    /// Of each pair the rank of the target for the source, 1 and up, as lists of related notes rank without clicks: cosine
    /// and words by the version's own weights.
    public var ranks: [Double]
    /// The same by the cosine alone.
    public var cosineRanks: [Double]
    /// Of each judged note the share of its hashtags among the five predicted.
    public var tagRecalls: [Double]
    /// Whether each judged note's category was predicted; empty where there is one label or none.
    public var categoryHits: [Bool]

    /// A judgement from its parts.
    public init(ranks: [Double], cosineRanks: [Double], tagRecalls: [Double] = [], categoryHits: [Bool] = []) {
        self.ranks = ranks
        self.cosineRanks = cosineRanks
        self.tagRecalls = tagRecalls
        self.categoryHits = categoryHits
    }
}

/// Whether a challenger may take the serving version's place.
///
/// It may when the paired 95 % bootstrap of the pairs' reciprocal rank lies above zero, and when R@10, R@100, the hashtags'
/// R@5 and the categories' accuracy are not worse by more than the tolerance.
public struct Gate: Sendable, Equatable, Codable {
    /// How much worse a figure that is not the reciprocal rank may be.
    public var tolerance: Double
    /// Resamples of the bootstrap.
    public var resamples: Int
    /// Fewer pairs than this decide nothing.
    public var minimumPairs: Int
    /// Of the resampling.
    public var seed: UInt64

    /// The standard gate.
    public init(tolerance: Double = 0.01, resamples: Int = 2_000, minimumPairs: Int = 30, seed: UInt64 = 1) {
        self.tolerance = tolerance
        self.resamples = resamples
        self.minimumPairs = minimumPairs
        self.seed = seed
    }

    /// Decides.
    ///
    /// - Parameters:
    ///   - sources: the source of each pair. Whole sources are resampled, with their pairs, since one note's are alike.
    ///   - challenger: what the new version did.
    ///   - serving: what the serving one did on the same pairs and notes.
    public func verdict(sources: [Int], challenger: Judgement, serving: Judgement) -> Verdict {
        let gains = zip(challenger.ranks, serving.ranks).map { 1 / $0 - 1 / $1 }
        let interval = PairedBootstrap(resamples: resamples, seed: seed).interval(users: sources, values: gains)
            .interval
        var figures = [
            Verdict.Figure("pair MRR", serving.ranks.mean { 1 / $0 }, challenger.ranks.mean { 1 / $0 }),
            Verdict.Figure("R@10", serving.ranks.share { $0 <= 10 }, challenger.ranks.share { $0 <= 10 }),
            Verdict.Figure("R@100", serving.ranks.share { $0 <= 100 }, challenger.ranks.share { $0 <= 100 }),
        ]
        if !serving.tagRecalls.isEmpty {
            figures.append(
                Verdict.Figure("hashtag R@5", serving.tagRecalls.mean { $0 }, challenger.tagRecalls.mean { $0 }))
        }
        if !serving.categoryHits.isEmpty {
            figures.append(
                Verdict.Figure(
                    "category accuracy", serving.categoryHits.share { $0 }, challenger.categoryHits.share { $0 }))
        }
        var reasons: [String] = []
        if gains.count < minimumPairs {
            reasons.append("only \(gains.count) unseen pairs: \(minimumPairs) are needed to judge")
        }
        if interval.lowerBound <= 0 {
            reasons.append("the interval of the pairs' reciprocal rank does not lie above zero")
        }
        for figure in figures.dropFirst() where figure.challenger < figure.serving - tolerance {
            reasons.append("\(figure.name) is worse by more than \(tolerance)")
        }
        figures.append(
            Verdict.Figure(
                "pair MRR, cosine alone", serving.cosineRanks.mean { 1 / $0 }, challenger.cosineRanks.mean { 1 / $0 }))
        return Verdict(
            isPromoted: reasons.isEmpty, reasons: reasons, pairs: gains.count, notes: serving.tagRecalls.count,
            gain: gains.mean { $0 }, intervalLow: interval.lowerBound, intervalHigh: interval.upperBound,
            figures: figures)
    }
}

/// What the gate found.
public struct Verdict: Sendable, Equatable, Codable {
    /// One measure of both versions.
    public struct Figure: Sendable, Equatable, Codable {
        /// What is measured.
        public var name: String
        /// Of the serving version.
        public var serving: Double
        /// Of the challenger.
        public var challenger: Double

        init(_ name: String, _ serving: Double, _ challenger: Double) {
            self.name = name
            self.serving = serving
            self.challenger = challenger
        }
    }

    /// Whether the challenger passed.
    public var isPromoted: Bool
    /// Why it did not; empty where it did.
    public var reasons: [String]
    /// Pairs judged.
    public var pairs: Int
    /// Notes whose hashtags were judged.
    public var notes: Int
    /// Mean gain of the reciprocal rank.
    public var gain: Double
    /// The middle 95 % of the resampled gains.
    public var intervalLow: Double
    /// See ``intervalLow``.
    public var intervalHigh: Double
    /// All measures, those that decide first.
    public var figures: [Figure]
}

extension Array {
    func mean(_ value: (Element) -> Double) -> Double { isEmpty ? 0 : reduce(0) { $0 + value($1) } / Double(count) }
    func share(_ holds: (Element) -> Bool) -> Double { mean { holds($0) ? 1 : 0 } }
}
