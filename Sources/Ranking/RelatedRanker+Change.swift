extension RelatedRanker {
    /// Whether a new list differs enough from the one emitted last to be worth a record.
    ///
    /// The measure is 1 − rank-biased overlap (Webber, Moffat and Zobel 2010, with p = 0.9), cut off at the longer list
    /// and normalised so that equal lists give 0 and disjoint ones 1. It weighs the top: with 20 places the default
    /// tolerance lets two neighbours trade places below about the sixth, and reports any note that enters above about
    /// the thirteenth. Because the comparison is always with the list emitted last, small changes add up until they
    /// count. Scores alone never count. That a listed note died is the caller's to notice.
    ///
    /// - Parameters:
    ///   - old: ids of the list emitted last, best first.
    ///   - new: ids of the list as it stands now.
    ///   - tolerance: the largest difference that goes unreported.
    public static func materialChange(old: [[UInt8]], new: [[UInt8]], tolerance: Double = 0.01) -> Bool {
        if old == new { return false }
        return distance(old, new) > tolerance
    }

    /// 1 − rank-biased overlap of two lists of distinct notes, 0 (the same) ... 1 (disjoint).
    public static func distance(_ first: [[UInt8]], _ second: [[UInt8]]) -> Double {
        let persistence = 0.9
        var seen: Set<[UInt8]> = []
        var overlap = 0
        var weight = 1.0
        var agreed = 0.0
        var total = 0.0
        for depth in 0..<max(first.count, second.count) {
            if depth < first.count, !seen.insert(first[depth]).inserted { overlap += 1 }
            if depth < second.count, !seen.insert(second[depth]).inserted { overlap += 1 }
            agreed += weight * Double(overlap) / Double(depth + 1)
            total += weight
            weight *= persistence
        }
        return total > 0 ? 1 - agreed / total : 0
    }
}
