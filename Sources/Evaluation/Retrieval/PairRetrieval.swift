import Tensors

/// A question with a known answer: asked with a note, another one is to be found.
package struct RetrievalQuery: Sendable, Hashable {
    /// The note that is asked with, by its number in the pool.
    package let note: Int
    /// The note to be found.
    package let target: Int

    package init(note: Int, target: Int) {
        self.note = note
        self.target = target
    }
}

/// What a list of ranks comes to.
package struct RetrievalFigures: Sendable, Equatable {
    /// Share of targets among the first ten, and among the first hundred.
    package var recall10, recall100: Double
    /// Mean of 1 / rank.
    package var reciprocalRank: Double

    package init(recall10: Double, recall100: Double, reciprocalRank: Double) {
        self.recall10 = recall10
        self.recall100 = recall100
        self.reciprocalRank = reciprocalRank
    }

    package init(ranks: [Double]) {
        let count = Double(max(ranks.count, 1))
        recall10 = Double(ranks.count { $0 <= 10 }) / count
        recall100 = Double(ranks.count { $0 <= 100 }) / count
        reciprocalRank = ranks.reduce(0) { $0 + 1 / $1 } / count
    }

    /// What guessing gives on average among `candidates` notes.
    package static func random(candidates: Int) -> RetrievalFigures {
        let count = Double(max(candidates, 1))
        return RetrievalFigures(
            recall10: min(1, 10 / count), recall100: min(1, 100 / count),
            reciprocalRank: (1...max(candidates, 1)).reduce(0) { $0 + 1 / Double($1) } / count)
    }
}

/// Where targets stand when the whole pool is ranked for a note.
package enum PairRetrieval {
    /// Queries that are scored at once: queries × pool numbers are in memory.
    private static let block = 256

    /// One rank per query, from 1: 1 + how many score higher + half of how many others score the same. The note that is
    /// asked with is no candidate.
    ///
    /// - Parameter scores: for some notes, how well each note of the pool belongs with them: notes × pool.
    package static func ranks(
        _ queries: [RetrievalQuery], scores: (_ notes: [Int]) -> Matrix<Float>
    ) -> [Double] {
        var ranks: [Double] = []
        ranks.reserveCapacity(queries.count)
        for start in stride(from: 0, to: queries.count, by: block) {
            let part = queries[start..<min(start + block, queries.count)]
            let table = scores(part.map(\.note))
            precondition(table.rows == part.count, "one row of scores per note")
            for (row, query) in part.enumerated() {
                ranks.append(
                    table.withRow(row) { Ranks.midRank(of: query.target, in: $0, excluding: query.note) })
            }
        }
        return ranks
    }

    /// Cosines by embeddings with rows of length 1, pool × dimension.
    package static func cosines(_ embeddings: Matrix<Float>) -> (_ notes: [Int]) -> Matrix<Float> {
        { notes in
            let asked = Matrix(
                rows: notes.count, columns: embeddings.columns, elements: notes.flatMap { embeddings.row($0) })
            return asked.timesTransposed(embeddings)
        }
    }

    /// TF-IDF cosines; `weight` times.
    package static func lexical(_ terms: TermWeights, weight: Float = 1) -> (_ notes: [Int]) -> Matrix<Float> {
        { notes in
            var table = Matrix<Float>(rows: notes.count, columns: terms.count)
            for (row, note) in notes.enumerated() {
                table.withMutableRow(row) { terms.addSimilarities(of: note, weight: weight, to: $0) }
            }
            return table
        }
    }

    /// Cosines by embeddings, and `weight` times TF-IDF cosines.
    package static func blend(
        _ embeddings: Matrix<Float>, _ terms: TermWeights, weight: Float
    ) -> (_ notes: [Int]) -> Matrix<Float> {
        let cosines = cosines(embeddings)
        return { notes in
            var table = cosines(notes)
            for (row, note) in notes.enumerated() {
                table.withMutableRow(row) { terms.addSimilarities(of: note, weight: weight, to: $0) }
            }
            return table
        }
    }
}
