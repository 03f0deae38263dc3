#if canImport(Glibc)
    import Glibc
#endif

extension LexicalIndex {
    /// The documents that match `terms` best, best first; equal scores by label. Documents without any of the terms are left
    /// out.
    ///
    /// - Parameters:
    ///   - terms: as ``Terms/split(_:)`` gives them; repetitions count once.
    ///   - excluding: a label to leave out, such as the query's own.
    public func search(_ terms: [String], count: Int, excluding: UInt32? = nil) -> [LexicalMatch] {
        search(plan(terms.compactMap(vocabulary.number)), count: count, excluding: excluding)
    }

    /// The documents that match the terms of `label` best, itself left out; none when it is not in the index.
    public func search(like label: UInt32, count: Int) -> [LexicalMatch] {
        guard let slot = slots[label] else { return [] }
        return search(plan(documents[Int(slot)].terms), count: count, excluding: label)
    }

    /// How well each of `labels` matches `terms`, as a search would say; 0 for those that have no term or are not there.
    public func score(_ terms: [String], _ labels: [UInt32]) -> [Double] {
        score(plan(terms.compactMap(vocabulary.number)), labels)
    }

    /// How well each of `labels` matches the terms of `label`; 0 throughout when that is not in the index.
    public func score(like label: UInt32, _ labels: [UInt32]) -> [Double] {
        guard let slot = slots[label] else { return labels.map { _ in 0 } }
        return score(plan(documents[Int(slot)].terms), labels)
    }

    /// What a document of just these terms would score for them, which is what a query's scores are measured by: a term that
    /// no document has counts as the rarest there can be.
    public func ownScore(of terms: [String]) -> Double {
        let distinct = Set(terms)
        let held = lengthNorm.constant + lengthNorm.slope * Double(distinct.count)
        return distinct.reduce(0) { sum, term in
            let matching = vocabulary.number(of: term).map { postings[Int($0)].count } ?? 0
            return sum + weight(matching: matching) / (1 + held)
        }
    }

    /// Inverse document frequency times k1 + 1.
    private func weight(matching: Int) -> Double {
        log(1 + (Double(count - matching) + 0.5) / (Double(matching) + 0.5)) * (parameters.k1 + 1)
    }

    /// A term of a query and what a single occurrence in it is worth.
    private struct WeightedTerm {
        let number: UInt32
        /// Inverse document frequency times k1 + 1.
        let weight: Double
    }

    /// The terms that a query uses: rarest first, while their postings fit the bound. One order for all documents, so that
    /// a score has the same bits however it is asked for.
    private func plan(_ numbers: [UInt32]) -> [WeightedTerm] {
        let distinct = Set(numbers).sorted { left, right in
            let leftCount = postings[Int(left)].count
            let rightCount = postings[Int(right)].count
            if leftCount != rightCount { return leftCount < rightCount }
            return vocabulary.terms[Int(left)] < vocabulary.terms[Int(right)]
        }
        var read = 0
        return distinct.prefix { number in
            read += postings[Int(number)].count
            return read <= parameters.postingsPerQuery
        }.map { number in
            WeightedTerm(number: number, weight: weight(matching: postings[Int(number)].count))
        }
    }

    /// The part of BM25's denominator that a document's length decides: `constant + slope * length`.
    private var lengthNorm: (constant: Double, slope: Double) {
        let average = Double(totalLength) / Double(max(1, count))
        return (parameters.k1 * (1 - parameters.b), average > 0 ? parameters.k1 * parameters.b / average : 0)
    }

    private func score(_ query: [WeightedTerm], _ labels: [UInt32]) -> [Double] {
        let norm = lengthNorm
        return labels.map { label in
            guard let slot = slots[label] else { return 0 }
            let held = norm.constant + norm.slope * Double(lengths[Int(slot)])
            var score = 0.0
            for term in query {
                let frequency = Double(postings[Int(term.number)].frequency(in: slot))
                if frequency > 0 { score += term.weight * frequency / (frequency + held) }
            }
            return score
        }
    }

    /// Term by term with a running score for each document, in blocks of slots whose scores stay in the fastest cache.
    private func search(_ query: [WeightedTerm], count: Int, excluding: UInt32?) -> [LexicalMatch] {
        guard count > 0, !query.isEmpty else { return [] }
        var best: [LexicalMatch] = []
        var least = 0.0
        var cursors = [Int](repeating: 0, count: query.count)
        var scores = [Double](repeating: 0, count: 2_048)
        for block in stride(from: 0, to: documents.count, by: scores.count) {
            accumulate(query, from: block, &cursors, &scores)
            for index in scores.indices where scores[index] > 0 {
                let score = scores[index]
                scores[index] = 0
                guard score >= least else { continue }
                let label = documents[block + index].label
                if label == excluding { continue }
                best.append(LexicalMatch(label: label, score: score))
                if best.count >= 2 * count + 16 {
                    best.sort(by: LexicalMatch.precedes)
                    best.removeSubrange(count...)
                    least = best[count - 1].score
                }
            }
        }
        best.sort(by: LexicalMatch.precedes)
        return Array(best.prefix(count))
    }

    /// Adds what each term gives the documents of one block; `cursors` say where each term's postings go on.
    private func accumulate(
        _ query: [WeightedTerm], from block: Int, _ cursors: inout [Int], _ scores: inout [Double]
    ) {
        let norm = lengthNorm
        let end = block + scores.count
        lengths.withUnsafeBufferPointer { lengths in
            scores.withUnsafeMutableBufferPointer { scores in
                for (index, term) in query.enumerated() {
                    postings[Int(term.number)].entries.withUnsafeBufferPointer { entries in
                        var cursor = cursors[index]
                        while cursor < entries.count, entries[cursor].slot < end {
                            let slot = Int(entries[cursor].slot)
                            let frequency = Double(entries[cursor].frequency)
                            let held = norm.constant + norm.slope * Double(lengths[slot])
                            scores[slot - block] += term.weight * frequency / (frequency + held)
                            cursor += 1
                        }
                        cursors[index] = cursor
                    }
                }
            }
        }
    }
}
