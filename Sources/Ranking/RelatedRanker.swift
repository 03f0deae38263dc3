/// Orders the notes that belong with a note: the list that the recommend stage emits.
public enum RelatedRanker {
    /// The blend: a weighted sum of the parts.
    public static func score(_ features: RelatedFeatures, _ weights: RelatedWeights) -> Double {
        weights.cosine * features.cosine + weights.lexical * features.lexical
            + weights.cooccurrence * features.cooccurrence
    }

    /// The best `count` candidates, best first; equal scores by id bytes, so that the list depends on nothing but its
    /// arguments.
    ///
    /// - Parameters:
    ///   - candidates: distinct notes, in any order.
    ///   - diversity: 0 orders by score alone; towards 1, a note similar to one already listed is put back
    ///     (``diversified(_:count:diversity:similarity:)``).
    ///   - similarity: of two candidates by label, −1...1; asked only with `diversity` > 0.
    public static func rank(
        _ candidates: [RelatedCandidate], weights: RelatedWeights, count: Int, diversity: Double = 0,
        similarity: (UInt32, UInt32) -> Double = { _, _ in 0 }
    ) -> [RankedNote] {
        guard count > 0 else { return [] }
        let scored = candidates.map { candidate in
            RankedNote(
                note: candidate.note, label: candidate.label, score: score(candidate.features, weights),
                features: candidate.features, reason: reason(candidate, weights))
        }
        let ordered = scored.sorted(by: RankedNote.precedes)
        guard diversity > 0 else { return Array(ordered.prefix(count)) }
        return diversified(ordered, count: count, diversity: diversity, similarity: similarity)
    }

    /// Maximal marginal relevance (Carbonell and Goldstein 1998): each place goes to the note with the largest
    /// (1 − d) · relevance − d · (similarity to the most similar note listed so far), where relevance is the score,
    /// scaled to 0...1 over the candidates.
    ///
    /// - Parameter ordered: candidates, best first. The best one always comes first.
    static func diversified(
        _ ordered: [RankedNote], count: Int, diversity: Double, similarity: (UInt32, UInt32) -> Double
    ) -> [RankedNote] {
        guard let best = ordered.first, let worst = ordered.last else { return [] }
        let spread = max(best.score - worst.score, .leastNormalMagnitude)
        let share = min(diversity, 1)
        var left = ordered.map { (note: $0, relevance: ($0.score - worst.score) / spread, closest: -1.0) }
        var chosen: [RankedNote] = []
        chosen.reserveCapacity(min(count, left.count))
        while chosen.count < count, !left.isEmpty {
            var pick = 0
            if !chosen.isEmpty {
                var bestValue = -Double.infinity
                for (index, candidate) in left.enumerated() {
                    let value = (1 - share) * candidate.relevance - share * candidate.closest
                    if value > bestValue { (pick, bestValue) = (index, value) }
                }
            }
            let next = left.remove(at: pick).note
            chosen.append(next)
            for index in left.indices {
                left[index].closest = max(left[index].closest, similarity(left[index].note.label, next.label))
            }
        }
        return chosen
    }

    /// The part that contributes most, in words.
    static func reason(_ candidate: RelatedCandidate, _ weights: RelatedWeights) -> String {
        let clicked = weights.cooccurrence * candidate.features.cooccurrence
        let meaning = weights.cosine * candidate.features.cosine
        let words = weights.lexical * candidate.features.lexical
        if clicked > 0, clicked >= max(meaning, words) { return candidate.features.clickedReason }
        if let hashtag = candidate.sharedHashtag { return "same hashtag #" + hashtag }
        if meaning <= 0, words <= 0 { return "nearest there is" }
        return words > meaning ? "same words" : "similar text"
    }
}
