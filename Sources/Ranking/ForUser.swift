/// What a user may touch next, from the notes they touched last.
public enum ForUser {
    /// A note touched so many places earlier counts so much less.
    public static let decay = 0.8

    /// The candidates of several lists as one list: each with the pair that speaks most for it, the pairs of notes touched
    /// longer ago counting less.
    ///
    /// - Parameters:
    ///   - lists: the related lists of the notes touched, the last one first.
    ///   - touched: notes that are no candidates: those the user has touched.
    /// - Returns: best first, equal ones by id bytes; scores are those of the pairs, decayed as their features are.
    public static func merge(_ lists: [[RankedNote]], excluding touched: Set<[UInt8]>) -> [RankedNote] {
        var best: [[UInt8]: RankedNote] = [:]
        var weight = 1.0
        for list in lists {
            for item in list where !touched.contains(item.note) {
                var decayed = item
                decayed.score *= weight
                decayed.features.cosine *= weight
                decayed.features.lexical *= weight
                decayed.features.cooccurrence *= weight
                if best[item.note].map({ $0.score < decayed.score }) ?? true { best[item.note] = decayed }
            }
            weight *= decay
        }
        return best.values.sorted(by: RankedNote.precedes)
    }
}
