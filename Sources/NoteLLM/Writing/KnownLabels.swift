/// Writing that is held to known labels, by their numbers.
package struct KnownLabels: LabelGrammar {
    package let trie: LabelTrie
    let marks: LabelMarks

    package init(_ trie: LabelTrie, marks: LabelMarks) {
        self.trie = trie
        self.marks = marks
    }

    /// The root of the tree.
    package var start: Int { 0 }

    package func moves(
        from node: Int, written: [Int], isLast: Bool, _ logProbabilities: [Float], count: Int
    ) -> [LabelMove<Int, Int>] {
        var moves = trie.nodes[node].children.compactMap { token, child -> LabelMove<Int, Int>? in
            guard trie.remaining(under: child, without: written) > 0 else { return nil }
            return LabelMove(logProbability: Double(logProbabilities[Int(token)]), next: (token, child))
        }
        if moves.count > count {
            moves.sort { left, right in
                left.logProbability != right.logProbability
                    ? left.logProbability > right.logProbability
                    : left.next?.token ?? 0 < right.next?.token ?? 0
            }
            moves.removeLast(moves.count - count)
        }
        if let label = trie.nodes[node].label, !written.contains(label) {
            let isLast = isLast || written.count + 1 == trie.count
            moves += closing(label, isLast: isLast, marks, logProbabilities)
        }
        return moves
    }
}
