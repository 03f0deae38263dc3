import Tensors

/// Ridge regression from a note's term vector to its hashtags, kept sparse: at most 64 weights a term.
package struct LexicalRidge: Sendable {
    /// The vocabulary and its frequencies.
    package let vectors: TermVectors
    /// Where each term's weights begin in `tags` and `weights`; one entry more than there are terms.
    package let offsets: [Int32]
    /// The hashtag of each weight, by position.
    package let tags: [UInt16]
    /// The weights, term by term.
    package let weights: [Float]

    package static let maximumWeightsPerTerm = 64

    init(vectors: TermVectors, offsets: [Int32], tags: [UInt16], weights: [Float]) {
        self.vectors = vectors
        self.offsets = offsets
        self.tags = tags
        self.weights = weights
    }

    /// Keeps of the dense `weights` (terms × hashtags) the largest of each term.
    package init(vectors: TermVectors, pruning dense: Matrix<Double>) {
        var offsets: [Int32] = [0]
        var tags: [UInt16] = []
        var weights: [Float] = []
        for term in 0..<dense.rows {
            dense.withRow(term) { row in
                let largest = row.indices.sorted { left, right in
                    abs(row[left]) != abs(row[right]) ? abs(row[left]) > abs(row[right]) : left < right
                }
                for tag in largest.prefix(Self.maximumWeightsPerTerm).sorted() {
                    let weight = Float(row[tag])
                    guard weight != 0 else { continue }
                    tags.append(UInt16(tag))
                    weights.append(weight)
                }
            }
            offsets.append(Int32(tags.count))
        }
        self.init(vectors: vectors, offsets: offsets, tags: tags, weights: weights)
    }

    /// Adds `factor` · score to each hashtag's entry of `scores`.
    package func add(_ factor: Float, of text: NoteText, to scores: inout [Float]) {
        for (term, value) in vectors.vector(of: text) {
            let scaled = factor * value
            for i in Int(offsets[Int(term)])..<Int(offsets[Int(term) + 1]) {
                scores[Int(tags[i])] += scaled * weights[i]
            }
        }
    }
}
