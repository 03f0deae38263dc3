import Foundation
import LexicalIndex

/// TF-IDF vectors of a corpus: the lexical floor.
///
/// Term frequency × (ln((1 + n) / (1 + df)) + 1), unit length, over title and body. Terms that stand in more than 30 % of
/// the notes, and single letters, are left out: they are the language's, not the note's.
package struct TermWeights: Sendable {
    static let commonShare = 0.3

    private let documents: [[(term: Int, weight: Float)]]
    private let postings: [[(document: Int, weight: Float)]]

    /// - Parameters:
    ///   - notes: whose texts are weighed.
    ///   - fitted: how many of the first decide on document frequencies; nil: all.
    package init(_ notes: [LoggedNote], fitted: Int? = nil) {
        let fitted = fitted ?? notes.count
        let terms = notes.map { note in
            Terms.split(note.title + " " + note.content).filter { $0.utf8.count > 1 }
        }
        var numbers: [String: Int] = [:]
        var frequencies: [Int] = []
        for document in terms.prefix(fitted) {
            // In the text's order, so that terms get equal numbers, and sums equal bits, in every run.
            var seen: Set<String> = []
            for term in document where seen.insert(term).inserted {
                if let number = numbers[term] {
                    frequencies[number] += 1
                } else {
                    numbers[term] = frequencies.count
                    frequencies.append(1)
                }
            }
        }
        let rarity = frequencies.map { count in
            Double(count) > Self.commonShare * Double(fitted)
                ? 0 : log(Double(1 + fitted) / Double(1 + count)) + 1
        }
        documents = terms.map { Self.vector(of: $0, numbers, rarity) }
        var postings = [[(document: Int, weight: Float)]](repeating: [], count: frequencies.count)
        for (document, vector) in documents.enumerated() {
            for entry in vector { postings[entry.term].append((document, entry.weight)) }
        }
        self.postings = postings
    }

    private static func vector(
        of terms: [String], _ numbers: [String: Int], _ rarity: [Double]
    ) -> [(term: Int, weight: Float)] {
        var counts: [Int: Double] = [:]
        for term in terms {
            if let number = numbers[term], rarity[number] > 0 { counts[number, default: 0] += 1 }
        }
        let weighted = counts.sorted { $0.key < $1.key }.map { (term: $0.key, weight: $0.value * rarity[$0.key]) }
        let length = weighted.reduce(0) { $0 + $1.weight * $1.weight }.squareRoot()
        return weighted.map { (term: $0.term, weight: Float($0.weight / length)) }
    }

    /// How many documents there are.
    package var count: Int { documents.count }
    /// How many terms there are, those that count for nothing among them.
    package var termCount: Int { postings.count }

    /// Calls `body` with each term of each document that counts, as a sparse matrix of documents × terms.
    func forEachEntry(_ body: (_ document: Int, _ term: Int, _ weight: Double) -> Void) {
        for (document, vector) in documents.enumerated() {
            for entry in vector { body(document, entry.term, Double(entry.weight)) }
        }
    }

    /// Adds `weight` times the cosine of `document` with each document to `sums`, one number per document.
    func addSimilarities(of document: Int, weight: Float, to sums: UnsafeMutableBufferPointer<Float>) {
        precondition(sums.count == documents.count, "one sum per document")
        for entry in documents[document] {
            let own = weight * entry.weight
            for posting in postings[entry.term] { sums[posting.document] += own * posting.weight }
        }
    }

    /// The cosine of `document` with each of the first `count` documents.
    package func similarities(of document: Int, count: Int) -> [Float] {
        var sums = [Float](repeating: 0, count: count)
        for entry in documents[document] {
            for posting in postings[entry.term] {
                if posting.document >= count { break }
                sums[posting.document] += entry.weight * posting.weight
            }
        }
        return sums
    }
}
