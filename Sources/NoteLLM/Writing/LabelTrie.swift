/// Known labels as a tree of their tokens: what may be written when only known labels may.
package struct LabelTrie: Sendable {
    /// A place in the tree.
    package struct Node: Sendable {
        /// What may follow, by token.
        package fileprivate(set) var children: [(token: Int32, node: Int)] = []
        /// The label that ends here, by its number.
        package fileprivate(set) var label: Int?
        /// The places (see ``LabelTrie/places``) of the labels that end here or further on.
        package fileprivate(set) var reach: Range<Int> = 0..<0
    }

    /// All nodes; the first is the root.
    package private(set) var nodes = [Node()]
    /// Each label's place among all labels in the order of a walk through the tree; nil for one that cannot be written:
    /// without tokens, or with the tokens of an earlier one.
    package private(set) var places: [Int?]

    /// The tree of `labels`, each given by its tokens.
    package init(_ labels: [[Int32]]) {
        places = Array(repeating: nil, count: labels.count)
        for (number, tokens) in labels.enumerated() where !tokens.isEmpty {
            var node = 0
            for token in tokens {
                if let child = nodes[node].children.first(where: { $0.token == token }) {
                    node = child.node
                } else {
                    nodes.append(Node())
                    nodes[node].children.append((token, nodes.count - 1))
                    node = nodes.count - 1
                }
            }
            if nodes[node].label == nil { nodes[node].label = number }
        }
        var next = 0
        number(0, &next)
    }

    /// How many labels can be written.
    package var count: Int { nodes[0].reach.count }

    /// How many labels end at `node` or further on, those of `written` left out.
    package func remaining(under node: Int, without written: [Int]) -> Int {
        let reach = nodes[node].reach
        return reach.count - written.count { label in places[label].map(reach.contains) ?? false }
    }

    /// Labels are few and short: the depth of recursion is the longest one's number of tokens.
    private mutating func number(_ node: Int, _ next: inout Int) {
        let start = next
        if let label = nodes[node].label {
            places[label] = next
            next += 1
        }
        for child in nodes[node].children { number(child.node, &next) }
        nodes[node].reach = start..<next
    }
}
