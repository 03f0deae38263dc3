import Foundation
import LanguageModel
import Support
import Testing

@Suite struct SamplerTests {
    @Test func greedyTakesTheFirstOfTheLikeliest() {
        #expect(Sampler.greedyChoice([0, 3, 1, 3]) == 1)
        #expect(Sampler.greedyChoice([-.infinity, -5]) == 1)
    }

    @Test func drawsFollowTheDistribution() {
        let logits: [Float] = [2, 0, 1, -1, -50]
        let temperature = 0.7
        var sampler = Sampler(temperature: Float(temperature), topK: 3, seed: 5)
        var counts = [Int](repeating: 0, count: 5)
        let draws = 40_000
        for _ in 0..<draws { counts[Int(sampler.choose(logits))] += 1 }
        let weights = [2, 0, 1].map { exp($0 / temperature) }
        let total = weights.reduce(0, +)
        for (token, weight) in zip([0, 1, 2], weights) {
            #expect(abs(Double(counts[token]) / Double(draws) - weight / total) < 0.01)
        }
        #expect(counts[3] == 0 && counts[4] == 0)
    }

    @Test func onlyTheLikeliestAreDrawn() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<50 {
            let logits = (0..<300).map { _ in Float(Int.random(in: 0...40, using: &random)) }
            let topK = Int.random(in: 2...20, using: &random)
            // So hot that all that may be drawn is drawn.
            var sampler = Sampler(temperature: 1e6, topK: topK, seed: 2)
            let drawn = Set((0..<40 * topK).map { _ in sampler.choose(logits) })
            let likeliest = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }.prefix(topK).map { Int32($0) }
            #expect(drawn == Set(likeliest))
        }
    }

    @Test func equalSeedsDrawEqually() {
        let logits = (0..<100).map { Float($0 % 7) }
        var one = Sampler(temperature: 1, seed: 9)
        var two = Sampler(temperature: 1, seed: 9)
        var other = Sampler(temperature: 1, seed: 10)
        let draws = (0..<50).map { _ in one.choose(logits) }
        #expect(draws == (0..<50).map { _ in two.choose(logits) })
        #expect(draws != (0..<50).map { _ in other.choose(logits) })
    }
}
