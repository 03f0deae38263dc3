/// The place of a target among candidates, ranked to the end.
package enum Ranks {
    /// 1 + how many score higher + half of how many others score the same.
    ///
    /// - Parameters:
    ///   - scores: one per note, by number.
    ///   - excluded: a note that is no candidate.
    package static func midRank<Scores: RandomAccessCollection<Score>, Score: Comparable>(
        of target: Int, in scores: Scores, excluding excluded: Int
    ) -> Double where Scores.Index == Int {
        let own = scores[target]
        var higher = 0
        // Without the target itself.
        var equal = -1
        for score in scores {
            higher += score > own ? 1 : 0
            equal += score == own ? 1 : 0
        }
        if excluded != target {
            higher -= scores[excluded] > own ? 1 : 0
            equal -= scores[excluded] == own ? 1 : 0
        }
        return 1 + Double(higher) + Double(equal) / 2
    }

    /// The numbers of the best `count` candidates, best first; ties to the lower number.
    package static func best<Score: Comparable>(_ count: Int, in scores: [Score], excluding excluded: Int) -> [Int] {
        var best: [Int] = []
        for (number, score) in scores.enumerated() where number != excluded {
            if best.count == count {
                guard let last = best.last, score > scores[last] else { continue }
                best.removeLast()
            }
            let place = best.firstIndex { scores[$0] < score } ?? best.count
            best.insert(number, at: place)
        }
        return best
    }
}
