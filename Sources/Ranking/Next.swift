import Foundation

/// A note that may be touched next.
public struct NextCandidate: Sendable, Equatable {
    /// The note's id.
    public var note: [UInt8]
    /// What is known of the pair (the note looked at, this one).
    public var features: RelatedFeatures
    /// Age and activity; nil where they are unknown, which a note outside the trending record may be.
    public var state: NoteState?

    /// A candidate from its parts.
    public init(note: [UInt8], features: RelatedFeatures, state: NoteState?) {
        self.note = note
        self.features = features
        self.state = state
    }
}

/// What is touched next by someone who looks at a note: its related list, joined with what is new and active.
///
/// Age and activity change for every note with every event, so this order is never stored: whoever reads a list (HTTP,
/// a subscriber, the evaluation) joins it here with the trending record as of now.
public enum Next {
    /// The blend at this moment: a weighted sum of ``NextFeatures``.
    public static func score(_ candidate: NextCandidate, _ context: NextContext, _ weights: NextWeights) -> Double {
        score(NextFeatures(candidate.features, candidate.state, context), weights)
    }

    /// The blend of features already computed.
    public static func score(_ features: NextFeatures, _ weights: NextWeights) -> Double {
        pairScore(features, weights) + weights.age * features.age + weights.newest * features.newest
            + weights.touched * features.touched + weights.active * features.active
            + weights.recentClicks * features.recentClicks + weights.clicks * features.clicks
    }

    /// The part of the blend that does not change with time.
    private static func pairScore(_ features: NextFeatures, _ weights: NextWeights) -> Double {
        weights.cosine * features.cosine + weights.lexical * features.lexical
            + weights.cooccurrence * features.cooccurrence
    }

    /// The candidates: the related list's notes, then trending notes that are not in it.
    ///
    /// - Parameters:
    ///   - list: the note's related list.
    ///   - trending: the record for all notes.
    ///   - note: the note that is looked at, which is left out.
    ///   - state: age and activity of a listed note that is not trending, where the reader knows them.
    ///   - features: the pair features of a trending note that is not listed, where the reader knows them; else zero.
    public static func join(
        list: [(note: [UInt8], features: RelatedFeatures)], trending: [TrendingEntry], excluding note: [UInt8],
        state: ([UInt8]) -> NoteState? = { _ in nil }, features: ([UInt8]) -> RelatedFeatures? = { _ in nil }
    ) -> [NextCandidate] {
        let states = Dictionary(trending.map { ($0.note, $0.state) }, uniquingKeysWith: { first, _ in first })
        var joined: Set<[UInt8]> = [note]
        var candidates: [NextCandidate] = []
        candidates.reserveCapacity(list.count + trending.count)
        for item in list where joined.insert(item.note).inserted {
            let known = states[item.note] ?? state(item.note)
            candidates.append(NextCandidate(note: item.note, features: item.features, state: known))
        }
        for entry in trending where joined.insert(entry.note).inserted {
            let pair = features(entry.note) ?? RelatedFeatures()
            candidates.append(NextCandidate(note: entry.note, features: pair, state: entry.state))
        }
        return candidates
    }

    /// The best `count` candidates, best first; equal scores by id bytes.
    public static func rank(
        _ candidates: [NextCandidate], _ context: NextContext, weights: NextWeights, count: Int
    ) -> [RankedNote] {
        let scored = candidates.map { candidate in
            let features = NextFeatures(candidate.features, candidate.state, context)
            return RankedNote(
                note: candidate.note, score: score(features, weights), features: candidate.features,
                reason: reason(features, candidate.features, weights))
        }
        return Array(scored.sorted(by: RankedNote.precedes).prefix(max(0, count)))
    }

    /// A pair must contribute this much of a perfect cosine's weight to be named as the reason before novelty is.
    private static let tellingShare = 0.3
    /// A note is "active now" when fewer than this many were touched later.
    private static let leadingPlaces = 10.0

    /// What speaks most for the note, in words.
    static func reason(_ features: NextFeatures, _ pair: RelatedFeatures, _ weights: NextWeights) -> String {
        let clicked = weights.cooccurrence * features.cooccurrence
        let meaning = weights.cosine * features.cosine
        let words = weights.lexical * features.lexical
        if clicked > 0, clicked >= max(meaning, words) { return pair.clickedReason }
        let novelty = features.newest == 0 ? "newest" : features.touched > -log(leadingPlaces) ? "active now" : nil
        if let novelty, max(meaning, words) < tellingShare * abs(weights.cosine) { return novelty }
        if meaning <= 0, words <= 0 { return novelty ?? "nearest there is" }
        return words > meaning ? "same words" : "similar text"
    }
}
