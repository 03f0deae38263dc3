/// The place of a target among candidates, ranked to the end.
package enum Ranks {
    /// 1 + how many score higher + half of how many others score the same.
    ///
    /// - Parameters:
    ///   - scores: one per note, by number.
    ///   - excluded: a note that is no candidate.
    package static func midRank<Score: Comparable>(of target: Int, in scores: [Score], excluding excluded: Int)
        -> Double
    {
        let own = scores[target]
        var higher = 0
        var equal = 0
        for (number, score) in scores.enumerated() where number != target && number != excluded {
            if score > own { higher += 1 } else if score == own { equal += 1 }
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
