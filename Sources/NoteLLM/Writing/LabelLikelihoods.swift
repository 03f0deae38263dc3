/// The log-probabilities of given labels as the first that is written, read together as one tree of their tokens.
package struct LabelLikelihoods {
    /// Tokens read in one pass. Each sees all others' keys, masked, so that longer passes cost more than they save.
    private static let passTokens = 64

    private let labels: [[Int32]]
    /// Any of these closes a label; none: a label need not be closed.
    private let closing: [Int32]

    /// - Parameters:
    ///   - labels: each by its tokens.
    ///   - closing: tokens of which one must follow a label, whose probability then counts; none: what follows is free.
    package init(_ labels: [[Int32]], closing: [Int32]) {
        self.labels = labels
        self.closing = closing
    }

    /// One log-probability per label; a label without tokens has none of its own, but may have to be closed.
    package func read(from reader: inout some ContinuationReader) throws(NoteLLMError) -> [Double] {
        var results = [Double](repeating: 0, count: labels.count)
        let order = labels.indices.sorted { labels[$0].lexicographicallyPrecedes(labels[$1]) }
        var start = 0
        while start < order.count {
            // Labels that begin alike are neighbours.
            var end = start
            var tokens = 0
            while end < order.count, end == start || tokens + labels[order[end]].count <= Self.passTokens {
                tokens += labels[order[end]].count
                end += 1
            }
            let part = Array(order[start..<end])
            for (label, value) in zip(part, try read(part.map { labels[$0] }, from: &reader)) { results[label] = value }
            reader.forget()
            start = end
        }
        return results
    }

    private func read(
        _ labels: [[Int32]], from reader: inout some ContinuationReader
    ) throws(NoteLLMError) -> [Double] {
        // Each distinct beginning of a label is one row.
        var rows: [[Int32]: Int] = [:]
        var tokens: [Int32] = []
        var parents: [Int?] = []
        for label in labels {
            let needed = closing.isEmpty ? label.count - 1 : label.count
            for length in stride(from: 1, through: needed, by: 1) {
                let beginning = Array(label[..<length])
                guard rows[beginning] == nil else { continue }
                parents.append(rows[Array(beginning.dropLast())])
                rows[beginning] = tokens.count
                tokens.append(label[length - 1])
            }
        }
        let behind = tokens.isEmpty ? nil : try reader.read(tokens, under: parents)
        let first = reader.first
        func logProbability(of token: Int32, after beginning: ArraySlice<Int32>) -> Double {
            guard let row = rows[Array(beginning)], let behind else { return Double(first[Int(token)]) }
            return Double(behind[row, Int(token)])
        }
        return labels.map { label in
            var sum = 0.0
            for place in label.indices { sum += logProbability(of: label[place], after: label[..<place]) }
            if !closing.isEmpty { sum += LogSum.of(closing.map { logProbability(of: $0, after: label[...]) }) }
            return sum
        }
    }
}
