import Foundation
import LexicalIndex

/// Term frequency, inverse document frequency vectors over a fixed vocabulary, of length 1.
///
/// A term's frequency counts `titleWeight` for each time it stands in the title and 1 for each in the content; its value
/// is (1 + ln frequency) · idf, with idf = ln((1 + notes) / (1 + notes with the term)) + 1.
package struct TermVectors: Sendable {
    /// The vocabulary, the commonest first.
    package let terms: [String]
    /// One inverse document frequency per term.
    package let inverseDocumentFrequencies: [Float]
    private let positions: [String: Int32]

    /// A vocabulary is cut to the terms that stand in most notes.
    package static let maximumTerms = 20_000
    /// Longer runs of letters are no words, and would fill the artefact.
    static let maximumTermBytes = 64
    /// A title says in few words what a note is about.
    package static let titleWeight: Float = 3

    /// One note's vector: its terms by position in the vocabulary, ascending.
    package typealias Sparse = [(term: Int32, value: Float)]

    init(terms: [String], inverseDocumentFrequencies: [Float]) {
        self.terms = terms
        self.inverseDocumentFrequencies = inverseDocumentFrequencies
        positions = Dictionary(zip(terms, 0..<Int32(terms.count))) { first, _ in first }
    }

    /// Learns vocabulary and frequencies from `texts`.
    package init(texts: [NoteText], maximumTerms: Int = Self.maximumTerms) {
        var documents: [String: Int] = [:]
        for text in texts {
            for term in Set(Terms.split(text.title) + Terms.split(text.content))
            where term.utf8.count <= Self.maximumTermBytes {
                documents[term, default: 0] += 1
            }
        }
        let kept = documents.sorted { left, right in
            left.value != right.value
                ? left.value > right.value : left.key.utf8.lexicographicallyPrecedes(right.key.utf8)
        }.prefix(maximumTerms)
        self.init(
            terms: kept.map(\.key),
            inverseDocumentFrequencies: kept.map { Float(log(Double(1 + texts.count) / Double(1 + $0.value)) + 1) })
    }

    /// The vector of `text`; empty when none of its words is known.
    package func vector(of text: NoteText) -> Sparse {
        var frequencies: [Int32: Float] = [:]
        for term in Terms.split(text.title) {
            if let position = positions[term] { frequencies[position, default: 0] += Self.titleWeight }
        }
        for term in Terms.split(text.content) {
            if let position = positions[term] { frequencies[position, default: 0] += 1 }
        }
        // Sorted, so that sums run in one order whatever the dictionary's.
        let values = frequencies.sorted { $0.key < $1.key }.map { position, frequency in
            (term: position, value: (1 + log(frequency)) * inverseDocumentFrequencies[Int(position)])
        }
        let length = values.reduce(0.0) { $0 + Double($1.value) * Double($1.value) }.squareRoot()
        return values.map { ($0.term, Float(Double($0.value) / length)) }
    }
}
