import Foundation
import NoteLLM
import Support
import Tensors
import Testing

/// Random numbers, rows × columns, whose columns differ in scale and lean on each other.
func randomStates(rows: Int, columns: Int, seed: UInt64) -> Matrix<Float> {
    var random = SeededGenerator(seed: seed)
    return Matrix(
        (0..<rows).map { _ in
            let shared = Float.random(in: -1...1, using: &random)
            return (0..<columns).map { column in
                Float(column % 3) * shared + Float.random(in: -1...1, using: &random) * Float(column + 1) / 4
            }
        })
}

/// The solution of A·x = b by Gaussian elimination with pivoting, in plain loops.
func solved(_ a: [[Double]], _ b: [Double]) -> [Double] {
    var rows = zip(a, b).map { $0 + [$1] }
    let n = b.count
    for column in 0..<n {
        let pivot = (column..<n).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
        rows.swapAt(column, pivot)
        for row in column + 1..<n {
            let factor = rows[row][column] / rows[column][column]
            for j in column...n { rows[row][j] -= factor * rows[column][j] }
        }
    }
    var x = [Double](repeating: 0, count: n)
    for row in (0..<n).reversed() {
        x[row] = (row + 1..<n).reduce(rows[row][n]) { $0 - rows[row][$1] * x[$1] } / rows[row][row]
    }
    return x
}

/// Ridge weights (features) of one target by the normal equations, in plain loops.
func plainRidge(_ x: [[Double]], _ y: [Double], penalty: Double) -> [Double] {
    let p = x[0].count
    var gram = (0..<p).map { i in (0..<p).map { $0 == i ? penalty : 0 } }
    var moments = [Double](repeating: 0, count: p)
    for (row, target) in zip(x, y) {
        for i in 0..<p {
            moments[i] += row[i] * target
            for j in 0..<p { gram[i][j] += row[i] * row[j] }
        }
    }
    return solved(gram, moments)
}

@Suite struct HeadTests {
    @Test func standardisedColumnsHaveMeanZeroAndDeviationOne() {
        let states = randomStates(rows: 50, columns: 7, seed: 1)
        let result = Standardiser(states: states).standardised(states)
        for column in 0..<7 {
            let values = (0..<50).map { Double(result[$0, column]) }
            #expect(abs(values.reduce(0, +) / 50) < 1e-5)
            #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 50 - 1) < 1e-4)
        }
    }

    @Test func aColumnThatNeverVariesSaysNothing() {
        let states = Matrix<Float>([[5, 1], [5, 2], [5, 4]])
        let standardiser = Standardiser(states: states)
        #expect(standardiser.standardised([9, 1])[0] == 0)
        #expect(standardiser.standardised([9, 1])[1].isFinite)
    }

    /// Oracle: power iteration with deflation, and the whitening written out.
    @Test(arguments: [(60, 9, 4), (200, 16, 16), (6, 10, 8)])
    func principalComponents(rows: Int, columns: Int, dimension: Int) throws {
        let raw = randomStates(rows: rows, columns: columns, seed: UInt64(rows))
        let states = Standardiser(states: raw).standardised(raw)
        let head = try EmbeddingHead(standardised: states, dimension: dimension)

        var covariance = (0..<columns).map { i in
            (0..<columns).map { j in (0..<rows).reduce(0.0) { $0 + Double(states[$1, i]) * Double(states[$1, j]) } }
        }
        var largest = 0.0
        for component in 0..<dimension {
            let row = head.projection.row(component).map(Double.init)
            if component >= min(rows - 1, columns) {
                #expect(row.allSatisfy { $0 == 0 })
                continue
            }
            var vector = (0..<columns).map { 1 + Double($0 % 5) / 7 }
            for _ in 0..<3_000 {
                vector = covariance.map { line in zip(line, vector).reduce(0.0) { $0 + $1.0 * $1.1 } }
                let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                vector = vector.map { $0 / length }
            }
            let image = covariance.map { line in zip(line, vector).reduce(0.0) { $0 + $1.0 * $1.1 } }
            let value = zip(image, vector).reduce(0.0) { $0 + $1.0 * $1.1 }
            for i in 0..<columns { for j in 0..<columns { covariance[i][j] -= value * vector[i] * vector[j] } }

            if component == 0 { largest = value.squareRoot() }
            let scale = (Double(rows) / Double(dimension)).squareRoot()
            let expected = vector.map { $0 * scale / max(value.squareRoot(), 0.03 * largest) }
            let sign = zip(row, expected).reduce(0.0) { $0 + $1.0 * $1.1 } < 0 ? -1.0 : 1.0
            for (found, wanted) in zip(row, expected) { #expect(abs(found - sign * wanted) < 2e-3 * (1 + abs(wanted))) }
            // The sign is fixed: the largest number is positive.
            #expect(row.max { abs($0) < abs($1) } ?? 0 > 0)
        }
    }

    @Test func embeddingsHaveLengthOne() throws {
        let states = randomStates(rows: 30, columns: 12, seed: 4)
        let head = try EmbeddingHead(standardised: states, dimension: 5)
        for row in 0..<30 {
            let embedding = head.embedding(standardised: states.row(row))
            #expect(embedding.count == 5 && abs(Vector.norm(embedding) - 1) < 1e-5)
        }
        #expect(head.embedding(standardised: Array(repeating: 0, count: 12)) == [1, 0, 0, 0, 0])
    }

    @Test func linearHeadSolvesTheNormalEquations() throws {
        for rows in [8, 40] {
            let states = randomStates(rows: rows, columns: 10, seed: 7)
            var random = SeededGenerator(seed: 8)
            let targets = Matrix<Double>(
                (0..<rows).map { _ in (0..<3).map { _ in Double(Bool.random(using: &random) ? 1 : 0) } })
            let head = try LinearHead.fit(standardised: states, targets: targets, penalty: 0.7)
            let scale = 1 / Double(10).squareRoot()
            let x = (0..<rows).map { states.row($0).map { Double($0) * scale } }
            for target in 0..<3 {
                let y = (0..<rows).map { targets[$0, target] }
                let mean = y.reduce(0, +) / Double(rows)
                let expected = plainRidge(x, y.map { $0 - mean }, penalty: 0.7)
                for i in 0..<10 { #expect(abs(Double(head[target, i]) - expected[i] * scale) < 1e-5) }
            }
        }
    }

    @Test func lexicalRidgeOverNotesEqualsThatOverTerms() throws {
        let corpus = Corpus(count: 60)
        let texts = corpus.notes.map(\.text)
        let labels = LabelTable(corpus.notes.map(\.hashtags), maximum: 100)
        let vectors = TermVectors(texts: texts)
        let rows = texts.map(vectors.vector(of:))
        let dual = try LexicalRidge.dualWeights(rows, termCount: vectors.terms.count, labels: labels, penalty: 0.5)
        let primal = try LexicalRidge.primalWeights(rows, termCount: vectors.terms.count, labels: labels, penalty: 0.5)
        #expect(zip(dual.elements, primal.elements).allSatisfy { abs($0 - $1) < 1e-9 })

        let x = rows.map { row in
            var dense = [Double](repeating: 0, count: vectors.terms.count)
            for (term, value) in row { dense[Int(term)] = Double(value) }
            return dense
        }
        let y = labels.targets()
        for label in labels.labels.indices {
            let column = (0..<60).map { y[$0, label] }
            let mean = column.reduce(0, +) / 60
            let expected = plainRidge(x, column.map { $0 - mean }, penalty: 0.5)
            for term in expected.indices { #expect(abs(dual[term, label] - expected[term]) < 1e-9) }
        }

        // Pruned to 64 of at most 64 labels nothing is lost: scores are the dense products.
        let ridge = LexicalRidge(vectors: vectors, pruning: dual)
        var scores = [Float](repeating: 1, count: labels.labels.count)
        ridge.add(2, of: texts[5], to: &scores)
        for label in labels.labels.indices {
            let expected = 1 + 2 * zip(x[5], (0..<dual.rows).map { dual[$0, label] }).reduce(0.0) { $0 + $1.0 * $1.1 }
            #expect(abs(Double(scores[label]) - expected) < 1e-5)
        }
    }

    @Test func pruningKeepsTheLargestWeights() {
        var random = SeededGenerator(seed: 5)
        let dense = Matrix<Double>(
            (0..<3).map { _ in (0..<200).map { _ in Double.random(in: -1...1, using: &random) } })
        let vectors = TermVectors(texts: [NoteText(title: "one two three")])
        let ridge = LexicalRidge(vectors: vectors, pruning: dense)
        for term in 0..<3 {
            let range = Int(ridge.offsets[term])..<Int(ridge.offsets[term + 1])
            #expect(range.count == 64)
            let kept = Set(range.map { Int(ridge.tags[$0]) })
            let smallestKept = kept.map { abs(dense[term, $0]) }.min() ?? 0
            #expect((0..<200).allSatisfy { kept.contains($0) || abs(dense[term, $0]) <= smallestKept })
        }
    }

    @Test func termVectorsByTheirDefinition() {
        let texts = [
            NoteText(title: "Hops hops", content: "malt"), NoteText(title: "malt", content: "water and hops"),
            NoteText(title: "", content: "water"),
        ]
        let vectors = TermVectors(texts: texts)
        #expect(vectors.terms == ["hops", "malt", "water", "and"])
        func idf(_ documents: Double) -> Double { log(4 / (1 + documents)) + 1 }
        let expected = [(1 + log(6.0)) * idf(2), idf(2)]
        let length = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let found = vectors.vector(of: texts[0])
        #expect(found.map(\.term) == [0, 1])
        for (value, wanted) in zip(found.map(\.value), expected) {
            #expect(abs(Double(value) - wanted / length) < 1e-6)
        }
        #expect(vectors.vector(of: NoteText(title: "unknown words")).isEmpty)
        #expect(TermVectors(texts: texts, maximumTerms: 2).terms == ["hops", "malt"])
    }

    @Test func largestScoresEqualASort() {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<200 {
            let scores = (0..<Int.random(in: 0..<30, using: &random)).map { _ in Int.random(in: 0..<8, using: &random) }
            let expected = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
            for count in [0, 1, 5, 40] {
                #expect(HashtagScorer.largest(scores, count) == Array(expected.prefix(count)))
            }
        }
    }

    @Test func hashtagsAreFoundByTheirWords() {
        let tags = ["specialty-beers", "brewery", "craftBeer", "☕", "c++", "咖啡店", "glass", "#wine"]
        let words = TagWords(tags: tags)
        func found(_ text: String) -> [String] { words.mentioned(in: text).map { tags[$0] } }
        #expect(found("Beers that are a specialty of small breweries") == ["specialty-beers", "brewery"])
        #expect(found("Which GLASSES for craft beer?") == ["craftBeer", "glass"])
        #expect(found("beer alone, and ☕") == [])
        #expect(found("C++ beside the wines") == ["c++", "#wine"])
        #expect(found("第二家咖啡店") == ["咖啡店"])
        #expect(found("") == [])
    }
}
