import Evaluation
import Support
import Tensors
import Testing

@Suite struct PairRetrievalTests {
    /// Sorts the pool for each query: the mean place of all arrangements of equals.
    private func oracle(_ query: RetrievalQuery, _ scores: [Float]) -> Double {
        let others = scores.indices.filter { $0 != query.note && $0 != query.target }
        let higher = others.filter { scores[$0] > scores[query.target] }.count
        let equal = others.filter { scores[$0] == scores[query.target] }.count
        return Double((0...equal).map { 1 + higher + $0 }.reduce(0, +)) / Double(equal + 1)
    }

    @Test func ranksEqualCounting() {
        var random = SeededGenerator(seed: 3)
        for pool in [2, 3, 40, 300] {
            // Few different scores: many ties.
            let table = Matrix<Float>(
                rows: pool, columns: pool,
                elements: (0..<pool * pool).map { _ in Float(Int.random(in: 0..<7, using: &random)) })
            let queries = (0..<600).map { _ in
                let note = Int.random(in: 0..<pool, using: &random)
                return RetrievalQuery(note: note, target: (note + Int.random(in: 1..<pool, using: &random)) % pool)
            }
            let ranks = PairRetrieval.ranks(queries) { notes in Matrix(notes.map(table.row)) }
            #expect(ranks == queries.map { oracle($0, table.row($0.note)) })
        }
    }

    @Test func figuresCountWhatIsAbove() {
        let figures = RetrievalFigures(ranks: [1, 10, 10.5, 100, 101])
        #expect(figures.recall10 == 0.4 && figures.recall100 == 0.8)
        #expect(abs(figures.reciprocalRank - (1 + 0.1 + 1 / 10.5 + 0.01 + 1 / 101) / 5) < 1e-12)
        #expect(RetrievalFigures(ranks: []) == RetrievalFigures(recall10: 0, recall100: 0, reciprocalRank: 0))
    }

    @Test func guessingIsTheMeanOverAllPlaces() {
        let all = RetrievalFigures(ranks: (1...250).map(Double.init))
        let guessed = RetrievalFigures.random(candidates: 250)
        #expect(abs(all.recall10 - guessed.recall10) < 1e-12 && abs(all.recall100 - guessed.recall100) < 1e-12)
        #expect(abs(all.reciprocalRank - guessed.reciprocalRank) < 1e-12)
    }

    private func notes(_ count: Int, seed: UInt64) -> [LoggedNote] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { number in
            let words = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                "word\(Int.random(in: 0..<4, using: &random) * Int.random(in: 0..<12, using: &random))"
            }
            return LoggedNote(
                id: Array("n\(number)".utf8), title: words.joined(separator: " "), content: "", created: 0)
        }
    }

    @Test func lexicalAndBlendedScoresAddUp() {
        let terms = TermWeights(notes(60, seed: 5))
        var random = SeededGenerator(seed: 6)
        var embeddings = Matrix<Float>(
            rows: 60, columns: 9, elements: (0..<540).map { _ in .random(in: -1...1, using: &random) })
        embeddings.normaliseRows()
        let asked = [3, 59, 0, 3]
        let lexical = PairRetrieval.lexical(terms)(asked)
        let blended = PairRetrieval.blend(embeddings, terms, weight: 0.7)(asked)
        for (row, note) in asked.enumerated() {
            let similarities = terms.similarities(of: note, count: 60)
            for other in 0..<60 {
                #expect(abs(lexical[row, other] - similarities[other]) < 1e-6)
                let cosine = Vector.dot(embeddings.row(note), embeddings.row(other))
                #expect(abs(blended[row, other] - (cosine + 0.7 * similarities[other])) < 1e-5)
            }
        }
    }

    /// The subspace iteration finds what the whole decomposition finds: the same inner products between notes.
    @Test func latentSemanticsEqualTheWholeDecomposition() throws {
        let terms = TermWeights(notes(80, seed: 9))
        let gram = Matrix<Double>(
            rows: 80, columns: 80, elements: (0..<80).flatMap { terms.similarities(of: $0, count: 80).map(Double.init) }
        )
        let eigen = try SymmetricEigen(gram)
        for dimension in [1, 3, 8, 64] {
            let states = try LatentSemantics.states(terms, dimension: dimension)
            for i in 0..<80 {
                for j in 0..<80 {
                    let expected = (0..<dimension).reduce(0.0) {
                        $0 + max(eigen.values[$1], 0) * eigen.vectors[$1, i] * eigen.vectors[$1, j]
                    }
                    #expect(abs(Double(Vector.dot(states[i], states[j])) - expected) < 1e-4)
                }
            }
        }
        #expect(try LatentSemantics.states(terms, dimension: 3) == LatentSemantics.states(terms, dimension: 3))
    }
}
