import Ranking

extension EvaluationReport {
    /// One line of JSON: `{"n": ..., "related": {"hit10", "hit100", "mrr", "coverage", "similarity"}, "next": {...},
    /// "next_without_text": {...}, "next_without_cooccurrence": {...}, "floors": {name: {...}}, "tags_r5": ...,
    /// "tags_floor_r5": ..., "staleness": {...}, "weights": {...}}`. Figures that were not measured are null.
    public var json: String {
        var fields = ["\"n\": \(result.count)"]
        for name in Prequential.learned { fields.append("\"\(name)\": " + metrics(name)) }
        let floors = Floors.names.map { "\"\($0)\": " + metrics($0) }
        fields.append("\"floors\": {\(floors.joined(separator: ", "))}")
        fields.append("\"tags_r5\": " + (tags.map { Self.decimal($0.recall5) } ?? "null"))
        fields.append("\"tags_floor_r5\": " + (tags.map { Self.decimal($0.floor5) } ?? "null"))
        fields.append("\"staleness\": " + (result.staleness.map(Self.object) ?? "null"))
        let related = Self.object(RelatedWeights.parts, result.weights.related.dictionary)
        let next = Self.object(NextWeights.parts, result.weights.next.dictionary)
        fields.append("\"weights\": {\"related\": \(related), \"next\": \(next)}")
        return "{\(fields.joined(separator: ", "))}"
    }

    private func metrics(_ name: String) -> String {
        guard let tally = result.tallies[name] else { return "null" }
        return Self.object(
            ["hit10", "hit100", "mrr", "coverage", "similarity"],
            [
                "hit10": tally.hit10, "hit100": tally.hit100, "mrr": tally.mrr, "coverage": tally.coverage,
                "similarity": tally.meanSimilarity,
            ])
    }

    private static func object(_ staleness: StalenessTally) -> String {
        object(
            ["median_age_ms", "changed_share", "difference", "hit10_emitted", "hit10_now"],
            [
                "median_age_ms": Double(staleness.medianAge), "changed_share": staleness.changedShare,
                "difference": staleness.meanDifference, "hit10_emitted": staleness.emittedHit10,
                "hit10_now": staleness.freshHit10,
            ])
    }

    private static func object(_ names: [String], _ values: [String: Double]) -> String {
        "{" + names.map { "\"\($0)\": \(decimal(values[$0] ?? 0))" }.joined(separator: ", ") + "}"
    }
}
