/// Writes labels by beam search: of all that has been begun the `width` likeliest texts are kept, and a finished one keeps
/// its place until likelier ones take it. Width 1 is greedy: the likeliest next token, always.
///
/// A text's probability is that of its tokens, its separators and its end. The last label that the count allows ends at
/// a separator or at the end, so that the probabilities of all texts that may be written sum to at most one.
package struct LabelSearch<Grammar: LabelGrammar> {
    package let grammar: Grammar
    /// How many labels are written at most.
    package let limit: Int
    /// How many texts are kept.
    package let width: Int

    package init(_ grammar: Grammar, limit: Int, width: Int) {
        precondition(width > 0, "a search keeps at least one text")
        self.grammar = grammar
        self.limit = limit
        self.width = width
    }

    /// The likeliest text found.
    package func run(_ reader: inout some ContinuationReader) throws(NoteLLMError) -> LabelText<Grammar.Label> {
        guard limit > 0 else { return LabelText() }
        var beam = [Hypothesis(state: grammar.start, logProbabilities: reader.first)]
        var taken = 0
        while beam.contains(where: { !$0.isFinished }) {
            var next: [Hypothesis] = []
            for hypothesis in beam { next += hypothesis.isFinished ? [hypothesis] : expanded(hypothesis) }
            next.sort(by: Hypothesis.precedes)
            beam = Array(next.prefix(width))
            // What is less likely than a finished text can only become still less so.
            if beam.first?.isFinished ?? true { break }
            let open = beam.indices.filter { !beam[$0].isFinished }
            let rows = try reader.read(
                open.compactMap { beam[$0].tokens.last }, under: open.map { beam[$0].place })
            for (row, position) in open.enumerated() {
                beam[position].place = taken + row
                beam[position].logProbabilities = rows.row(row)
            }
            taken += open.count
        }
        return beam.first?.text ?? LabelText()
    }

    private func expanded(_ hypothesis: Hypothesis) -> [Hypothesis] {
        let written = hypothesis.text.labels
        let moves = grammar.moves(
            from: hypothesis.state, written: written.map(\.label), isLast: written.count + 1 == limit,
            hypothesis.logProbabilities, count: width)
        // One that cannot go on stays as it is, without the label that it has begun.
        guard !moves.isEmpty else { return [hypothesis.finished()] }
        return moves.map { hypothesis.moved($0) }
    }

    /// A text that is being written.
    private struct Hypothesis {
        var state: Grammar.State
        /// What has been closed.
        var text = LabelText<Grammar.Label>()
        /// Of the label that has been begun, with the separator before it.
        var begun = 0.0
        var tokens: [Int32] = []
        /// The last token's number with the reader; nil before the first.
        var place: Int?
        /// Of each next token; empty in a finished one.
        var logProbabilities: [Float]
        var isFinished = false

        init(state: Grammar.State, logProbabilities: [Float]) {
            self.state = state
            self.logProbabilities = logProbabilities
        }

        var logProbability: Double { text.logProbability + begun }

        func finished() -> Hypothesis {
            var copy = self
            copy.isFinished = true
            copy.logProbabilities = []
            return copy
        }

        func moved(_ move: LabelMove<Grammar.State, Grammar.Label>) -> Hypothesis {
            var copy = self
            copy.begun += move.logProbability
            if let label = move.label {
                copy.text.labels.append((label, copy.begun))
                copy.begun = 0
            }
            guard let next = move.next else { return copy.finished() }
            copy.tokens.append(next.token)
            copy.state = next.state
            return copy
        }

        /// The likelier first; of equals the one whose tokens come first.
        static func precedes(_ left: Hypothesis, _ right: Hypothesis) -> Bool {
            let (one, other) = (left.logProbability, right.logProbability)
            return one != other ? one > other : left.tokens.lexicographicallyPrecedes(right.tokens)
        }
    }
}

/// Labels as they were written, with the log-probability of each: its tokens, and what closed it.
package struct LabelText<Label: Hashable & Sendable>: Sendable {
    package var labels: [(label: Label, logProbability: Double)] = []

    package var logProbability: Double { labels.reduce(0) { $0 + $1.logProbability } }
}

/// What may be written.
package protocol LabelGrammar: Sendable {
    /// How far the label has come that is being written.
    associatedtype State: Sendable
    associatedtype Label: Hashable & Sendable

    /// Before a label's first token.
    var start: State { get }

    /// The likeliest moves from a state, at most `count` of those that go on within a label.
    ///
    /// - Parameters:
    ///   - written: the labels closed so far, none of which may be written again.
    ///   - isLast: whether the label that is being written is the last that the count allows.
    ///   - logProbabilities: of each token.
    func moves(
        from state: State, written: [Label], isLast: Bool, _ logProbabilities: [Float], count: Int
    ) -> [LabelMove<State, Label>]
}

/// One step of writing.
package struct LabelMove<State: Sendable, Label: Sendable>: Sendable {
    let logProbability: Double
    /// The label that it closes.
    var label: Label?
    /// The token that it writes, and what is then begun; nil when it ends the text.
    var next: (token: Int32, state: State)?
}

extension LabelGrammar {
    /// The moves that close `label`: a separator or the end; after the last label it does not matter which.
    func closing(
        _ label: Label, isLast: Bool, _ marks: LabelMarks, _ logProbabilities: [Float]
    ) -> [LabelMove<State, Label>] {
        let separator = Double(logProbabilities[Int(marks.separator)])
        let ends = marks.ends.map { Double(logProbabilities[Int($0)]) }
        if isLast { return [LabelMove(logProbability: LogSum.of(ends + [separator]), label: label)] }
        return [
            LabelMove(logProbability: LogSum.of(ends), label: label),
            LabelMove(logProbability: separator, label: label, next: (marks.separator, start)),
        ]
    }
}
