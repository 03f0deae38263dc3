import Foundation
import NoteLLM
import Support
import Tensors
import Testing

@Suite struct InfoNCETests {
    /// The formula, pair by pair, without tricks.
    static func oracle(_ e: [[Double]], _ temperature: Double, _ notes: [Int], _ pairs: [TrainingPair], _ w: [Double])
        -> Double
    {
        let count = e.count / 2
        func cosine(_ i: Int, _ j: Int) -> Double { zip(e[i], e[j]).reduce(0) { $0 + $1.0 * $1.1 } }
        func belong(_ a: Int, _ b: Int) -> Bool {
            a == b || pairs.contains { ($0.source, $0.target) == (a, b) || ($0.source, $0.target) == (b, a) }
        }
        var sum = 0.0
        var weight = 0.0
        for i in e.indices {
            let partner = (i + count) % e.count
            let rivals = e.indices.filter { $0 != i && ($0 == partner || !belong(notes[i], notes[$0])) }
            let total = rivals.reduce(0) { $0 + exp(cosine(i, $1) * exp(temperature)) }
            sum -= w[i % count] * log(exp(cosine(i, partner) * exp(temperature)) / total)
            weight += w[i % count]
        }
        return sum / weight
    }

    static func batch(_ seed: UInt64, pairs: Int, dimension: Int) -> (
        embeddings: Matrix<Double>, notes: [Int], known: [TrainingPair], weights: [Double]
    ) {
        var random = SeededGenerator(seed: seed)
        let notes = (0..<2 * pairs).map { _ in Int.random(in: 0..<3 * pairs, using: &random) }
        var known = (0..<pairs).map { TrainingPair(source: notes[$0], target: notes[$0 + pairs]) }
        known += (0..<pairs).map { _ in
            TrainingPair(
                source: Int.random(in: 0..<3 * pairs, using: &random),
                target: Int.random(in: 0..<3 * pairs, using: &random))
        }
        var embeddings = Matrix<Double>(
            rows: 2 * pairs, columns: dimension,
            elements: (0..<2 * pairs * dimension).map { _ in Double.random(in: -1...1, using: &random) })
        embeddings.normaliseRows()
        return (embeddings, notes, known, (0..<pairs).map { _ in Double.random(in: 0.1...2, using: &random) })
    }

    @Test(arguments: [1, 2, 3, 7, 20]) func equalsTheFormula(pairs: Int) {
        for seed in 0..<5 as Range<UInt64> {
            let (embeddings, notes, known, weights) = Self.batch(seed, pairs: pairs, dimension: 5)
            let mask = ContrastiveMask(notes: notes, known: KnownPairs(known, notes: 3 * pairs))
            let rows = (0..<2 * pairs).map(embeddings.row)
            let found = InfoNCE.evaluate(embeddings: embeddings, temperature: 1.3, mask: mask, weights: weights)
            #expect(abs(found.value - Self.oracle(rows, 1.3, notes, known, weights)) < 1e-10)
            let plain = InfoNCE.evaluate(embeddings: embeddings, temperature: 3, mask: mask)
            let expected = Self.oracle(rows, 3, notes, known, Array(repeating: 1, count: pairs))
            #expect(abs(plain.value - expected) < 1e-10)
            let floats = Matrix<Float>(
                rows: 2 * pairs, columns: 5, elements: embeddings.elements.map { Float($0) })
            let rough = InfoNCE.evaluate(embeddings: floats, temperature: 3, mask: mask)
            #expect(abs(rough.value - expected) < 1e-4)
        }
    }

    @Test func gradientsEqualFiniteDifferences() {
        for seed in 10..<14 as Range<UInt64> {
            let (embeddings, notes, known, weights) = Self.batch(seed, pairs: 6, dimension: 4)
            let mask = ContrastiveMask(notes: notes, known: KnownPairs(known, notes: 18))
            func value(_ e: Matrix<Double>, _ t: Double) -> Double {
                InfoNCE.evaluate(embeddings: e, temperature: t, mask: mask, weights: weights).value
            }
            let found = InfoNCE.evaluate(embeddings: embeddings, temperature: 0.8, mask: mask, weights: weights)
            let step = 1e-5
            for i in 0..<embeddings.rows {
                for j in 0..<embeddings.columns {
                    var (up, down) = (embeddings, embeddings)
                    up[i, j] += step
                    down[i, j] -= step
                    let expected = (value(up, 0.8) - value(down, 0.8)) / (2 * step)
                    #expect(abs(found.embeddings[i, j] - expected) <= 1e-5 * max(abs(expected), 1e-2))
                }
            }
            let expected = (value(embeddings, 0.8 + step) - value(embeddings, 0.8 - step)) / (2 * step)
            #expect(abs(found.temperature - expected) <= 1e-5 * max(abs(expected), 1e-2))
        }
    }

    @Test func onlyFalseNegativesAreMasked() {
        // Rows 0 and 3, 1 and 4, 2 and 5 are pairs; notes 0 and 2 belong together, and row 5 is note 0 again.
        let mask = ContrastiveMask(
            notes: [0, 1, 2, 3, 4, 0],
            known: KnownPairs([TrainingPair(source: 0, target: 2), TrainingPair(source: 7, target: 7)], notes: 8))
        let masked = (0..<6).flatMap { i in (0..<6).filter { mask[i, $0] }.map { [i, $0] } }
        #expect(
            masked == [[0, 0], [0, 2], [0, 5], [1, 1], [2, 0], [2, 2], [3, 3], [4, 4], [5, 0], [5, 5]])
    }

    @Test func aBatchWithoutNegativesTeachesNothing() {
        let mask = ContrastiveMask(notes: [0, 1], known: KnownPairs([], notes: 2))
        let found = InfoNCE<Double>.evaluate(
            embeddings: Matrix([[1, 0], [0, 1]]), temperature: 2, mask: mask)
        #expect(found.value == 0 && found.temperature == 0 && found.embeddings.elements.allSatisfy { $0 == 0 })
    }

    @Test func normalisationGoesBack() {
        var random = SeededGenerator(seed: 4)
        let values = Matrix<Double>(
            rows: 3, columns: 5, elements: (0..<15).map { _ in .random(in: -2...2, using: &random) })
        let direction = Matrix<Double>(
            rows: 3, columns: 5, elements: (0..<15).map { _ in .random(in: -1...1, using: &random) })
        func value(_ x: Matrix<Double>) -> Double {
            var units = x
            _ = UnitRows.normalise(&units)
            return zip(units.elements, direction.elements).reduce(0) { $0 + $1.0 * $1.1 }
        }
        var units = values
        let lengths = UnitRows.normalise(&units)
        var gradients = direction
        UnitRows.backward(&gradients, units: units, lengths: lengths)
        for i in 0..<3 {
            for j in 0..<5 {
                var (up, down) = (values, values)
                up[i, j] += 1e-5
                down[i, j] -= 1e-5
                #expect(abs(gradients[i, j] - (value(up) - value(down)) / 2e-5) < 1e-8)
            }
        }
    }
}
