import Foundation
import Ranking

extension EvaluationReport {
    /// An aligned table for people.
    public var text: String {
        var lines = heading
        lines.append("Tests (first engagements in the second half): \(result.count)")
        lines.append("")
        lines.append(row("", ["Hit@10", "Hit@100", "MRR", "coverage", "similarity"]))
        for name in Prequential.learned + Floors.names {
            guard let tally = result.tallies[name] else { continue }
            let figures = [tally.hit10, tally.hit100, tally.mrr, tally.coverage, tally.meanSimilarity]
            lines.append(row(Self.title(name), figures.map(Self.decimal)))
        }
        lines.append("")
        lines.append("Differences (paired bootstrap over users, 95 % interval):")
        for difference in differences {
            let pair = "\(Self.title(difference.first)) − \(Self.title(difference.second))"
            let interval =
                "[\(Self.signed(difference.interval.lowerBound)), \(Self.signed(difference.interval.upperBound))]"
            lines.append(
                "  " + Self.padded(pair, 44) + Self.padded(difference.metric, 7)
                    + Self.signed(difference.difference) + "  " + interval)
        }
        if let staleness = result.staleness {
            lines.append("")
            lines.append(Self.sentence(staleness))
        }
        if let tags {
            lines.append("")
            lines.append(
                "Hashtags of \(tags.count) later notes, R@5: \(Self.decimal(tags.recall5))"
                    + " (15 nearest by TF-IDF: \(Self.decimal(tags.floor5)))")
        }
        lines.append("")
        lines.append(weightsLine("related", RelatedWeights.parts, result.weights.related.dictionary))
        lines.append(weightsLine("next", NextWeights.parts, result.weights.next.dictionary))
        return lines.joined(separator: "\n")
    }

    private static func sentence(_ staleness: StalenessTally) -> String {
        let hours = Double(staleness.medianAge) / 3_600_000
        return "Emitted lists when asked: half were older than \(short(hours)) h of event time; "
            + "\(short(staleness.changedShare * 100)) % differed from a list computed now, by "
            + "\(decimal(staleness.meanDifference)) on average (1 − rank-biased overlap); Hit@10 "
            + "\(decimal(staleness.emittedHit10)) as emitted, \(decimal(staleness.freshHit10)) computed now."
    }

    private func weightsLine(_ name: String, _ parts: [String], _ weights: [String: Double]) -> String {
        let source = result.choices > 0 ? "fitted on \(result.choices) choices of the first half" : "as given"
        let list = parts.map { "\($0) \(Self.signed(weights[$0] ?? 0))" }.joined(separator: ", ")
        return "Weights of \(name) (\(source)): \(list)"
    }

    private func row(_ title: String, _ cells: [String]) -> String {
        Self.padded(title, 27) + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }

    /// A ranking's name for people.
    static func title(_ name: String) -> String {
        name.replacing("_", with: " ").replacing("tfidf", with: "TF-IDF").replacing("7d", with: "7 days")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func short(_ value: Double) -> String { String(format: "%.1f", value) }

    static func decimal(_ value: Double) -> String { String(format: "%.4f", value) }

    private static func signed(_ value: Double) -> String { String(format: "%+.4f", value) }
}
