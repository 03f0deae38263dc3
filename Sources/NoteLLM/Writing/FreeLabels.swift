import LanguageModel

/// Writing of any labels, by their text.
package struct FreeLabels: LabelGrammar {
    /// The bytes of a label that has been begun, and how many tokens it took.
    package struct State: Sendable {
        var bytes: [UInt8] = []
        var tokens = 0
    }

    /// A label that takes more tokens than this is not gone on with.
    package static let maximumTokens = 24

    let marks: LabelMarks
    /// The bytes of the tokens that labels are made of, by token; nil for the others.
    private let bytes: [[UInt8]?]

    package init(marks: LabelMarks, bytes: [[UInt8]?]) {
        self.marks = marks
        self.bytes = bytes
    }

    /// Labels of all of a tokenizer's tokens but controls and what has a comma or a line's end.
    init(marks: LabelMarks, tokenizer: Tokenizer) {
        let bytes = (0..<Int32(tokenizer.count)).map { id -> [UInt8]? in
            guard let bytes = tokenizer.bytes(of: id), !bytes.isEmpty,
                !bytes.contains(where: { $0 == UInt8(ascii: ",") || $0 < 0x20 }),
                tokenizer.id(ofControl: String(decoding: bytes, as: UTF8.self)) != id
            else { return nil }
            return bytes
        }
        self.init(marks: marks, bytes: bytes)
    }

    package var start: State { State() }

    package func moves(
        from state: State, written: [String], isLast: Bool, _ logProbabilities: [Float], count: Int
    ) -> [LabelMove<State, String>] {
        var moves: [LabelMove<State, String>] = []
        if state.tokens < Self.maximumTokens {
            for token in likeliest(logProbabilities, count: count) {
                let next = State(bytes: state.bytes + (bytes[token] ?? []), tokens: state.tokens + 1)
                moves.append(
                    LabelMove(logProbability: Double(logProbabilities[token]), next: (Int32(token), next)))
            }
        }
        if let label = Self.label(state.bytes), !written.contains(where: { $0.utf8.elementsEqual(label.utf8) }) {
            moves += closing(label, isLast: isLast, marks, logProbabilities)
        }
        return moves
    }

    /// The likeliest tokens that labels are made of, likeliest first.
    private func likeliest(_ logProbabilities: [Float], count: Int) -> [Int] {
        var best: [Int] = []
        for token in bytes.indices where bytes[token] != nil {
            if best.count == count, let last = best.last {
                guard logProbabilities[token] > logProbabilities[last] else { continue }
                best.removeLast()
            }
            let place = best.firstIndex { logProbabilities[token] > logProbabilities[$0] } ?? best.count
            best.insert(token, at: place)
        }
        return best
    }

    /// The label that some written bytes stand for: without blanks, quotes and number signs around it; nil where nothing
    /// is left, or nothing in UTF-8.
    package static func label(_ bytes: [UInt8]) -> String? {
        let around = Set(" \t\"'#.".utf8)
        guard let first = bytes.firstIndex(where: { !around.contains($0) }),
            let last = bytes.lastIndex(where: { !around.contains($0) })
        else { return nil }
        return String(validating: bytes[first...last], as: UTF8.self)
    }
}
