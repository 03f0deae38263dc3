import Ranking
import Support
import Testing

@Suite("Related lists")
struct RelatedRankerTests {
    private func candidate(_ label: UInt32, _ note: String, cosine: Double = 0, lexical: Double = 0, clicks: Double = 0)
        -> RelatedCandidate
    {
        RelatedCandidate(
            label: label, note: Array(note.utf8),
            features: RelatedFeatures(cosine: cosine, lexical: lexical, cooccurrence: clicks))
    }

    @Test("Scores order the list, id bytes break ties, and the order of arrival does not matter")
    func order() {
        let candidates = [
            candidate(1, "b", cosine: 0.5), candidate(2, "a", lexical: 0.5), candidate(3, "é", cosine: 0.5),
            candidate(4, "z", cosine: 0.9), candidate(5, "e\u{301}", cosine: 0.5),
        ]
        let weights = RelatedWeights(cosine: 1, lexical: 1, cooccurrence: 1)
        let expected = ["z", "a", "b", "e\u{301}", "é"].map { Array($0.utf8) }
        for seed in 0..<20 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let ranked = RelatedRanker.rank(candidates.shuffled(using: &generator), weights: weights, count: 9)
            #expect(ranked.map(\.note) == expected)
        }
        #expect(RelatedRanker.rank(candidates, weights: weights, count: 2).map(\.label) == [4, 2])
        #expect(RelatedRanker.rank(candidates, weights: weights, count: 0).isEmpty)
    }

    @Test("Diversity puts the twin of a listed note back, and agrees with greedy selection done plainly")
    func diversity() {
        let twins = [
            candidate(0, "a", cosine: 0.9), candidate(1, "b", cosine: 0.89), candidate(2, "c", cosine: 0.6),
            candidate(3, "d", cosine: 0.1),
        ]
        let similarity: (UInt32, UInt32) -> Double = { Set([$0, $1]) == [0, 1] ? 1 : 0 }
        let plain = RelatedRanker.rank(twins, weights: RelatedWeights(), count: 3)
        let diverse = RelatedRanker.rank(
            twins, weights: RelatedWeights(), count: 3, diversity: 0.4, similarity: similarity)
        #expect(plain.map(\.label) == [0, 1, 2])
        #expect(diverse.map(\.label) == [0, 2, 1])

        for seed in 0..<50 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let points = (0..<12).map { _ in Double.random(in: -1...1, using: &generator) }
            let all = points.indices.map { index in
                candidate(UInt32(index), "n\(index)", cosine: Double.random(in: 0...1, using: &generator))
            }
            let near: (UInt32, UInt32) -> Double = { 1 - abs(points[Int($0)] - points[Int($1)]) }
            let share = Double.random(in: 0.05...1, using: &generator)
            let ranked = RelatedRanker.rank(
                all, weights: RelatedWeights(), count: 6, diversity: share, similarity: near)
            #expect(ranked.map(\.label) == Self.greedy(all, count: 6, share: share, near: near))
        }
    }

    /// Maximal marginal relevance, straight from its definition.
    private static func greedy(
        _ candidates: [RelatedCandidate], count: Int, share: Double, near: (UInt32, UInt32) -> Double
    ) -> [UInt32] {
        let scores = candidates.map { RelatedRanker.score($0.features, RelatedWeights()) }
        let low = scores.min() ?? 0
        let high = scores.max() ?? 1
        var chosen: [UInt32] = []
        while chosen.count < count {
            let left = candidates.indices.filter { !chosen.contains(candidates[$0].label) }
            func value(_ index: Int) -> Double {
                let relevance = (scores[index] - low) / (high - low)
                if chosen.isEmpty { return relevance }
                let closest = chosen.map { near(candidates[index].label, $0) }.max() ?? 0
                return (1 - share) * relevance - share * closest
            }
            guard let best = left.max(by: { value($0) < value($1) }) else { break }
            chosen.append(candidates[best].label)
        }
        return chosen
    }

    @Test("The reason names the part that contributes most")
    func reasons() {
        var tagged = candidate(4, "d", cosine: 0.6)
        tagged.sharedHashtag = "hops"
        var crowd = candidate(6, "f", clicks: 0.9)
        crowd.features.users = 14
        var single = candidate(7, "g", clicks: 0.5)
        single.features.users = 1
        let candidates = [
            candidate(1, "a", cosine: 0.8), candidate(2, "b", lexical: 0.7),
            candidate(3, "c", cosine: 0.1, clicks: 0.5),
            tagged, candidate(5, "e", cosine: -0.2), crowd, single,
        ]
        let ranked = RelatedRanker.rank(candidates, weights: RelatedWeights(), count: 7)
        let reasons = Dictionary(uniqueKeysWithValues: ranked.map { ($0.label, $0.reason) })
        #expect(
            reasons == [
                1: "similar text", 2: "same words", 3: "clicked after this", 4: "same hashtag #hops",
                5: "nearest there is", 6: "clicked after this by 14 people", 7: "clicked after this by one person",
            ])
    }

    @Test("Shrinking keeps the order, is half at one exclusive user, and never reaches one")
    func shrinkage() {
        let one: Int64 = 1 << 32
        #expect(RelatedFeatures.shrink(0) == 0)
        #expect(RelatedFeatures.shrink(-5) == 0)
        #expect(RelatedFeatures.shrink(one / 2) == 0.5)
        let values = [1, 1000, one / 64, one / 3, one, 7 * one, 1000 * one].map(RelatedFeatures.shrink)
        #expect(values == values.sorted())
        #expect(values.allSatisfy { $0 > 0 && $0 < 1 })
        #expect(RelatedFeatures.lexicalShare(score: 3, ownScore: 12) == 0.25)
        #expect(RelatedFeatures.lexicalShare(score: 3, ownScore: 0) == 0)
    }

    @Test("A change at the top counts, a swap at the end does not, a growing list does")
    func change() {
        let list = (0..<20).map { Array("n\($0)".utf8) }
        func swapped(_ place: Int) -> [[UInt8]] {
            var copy = list
            copy.swapAt(place, place + 1)
            return copy
        }
        func entered(_ place: Int) -> [[UInt8]] {
            var copy = list
            copy.insert(Array("new".utf8), at: place)
            return Array(copy.prefix(20))
        }
        #expect(!RelatedRanker.materialChange(old: list, new: list))
        #expect(RelatedRanker.materialChange(old: list, new: swapped(0)))
        #expect(!RelatedRanker.materialChange(old: list, new: swapped(15)))
        #expect(RelatedRanker.materialChange(old: list, new: entered(0)))
        #expect(RelatedRanker.materialChange(old: list, new: entered(9)))
        #expect(!RelatedRanker.materialChange(old: list, new: entered(19)))
        #expect(RelatedRanker.materialChange(old: [], new: list))
        #expect(RelatedRanker.materialChange(old: list, new: []))
        #expect(RelatedRanker.materialChange(old: Array(list.prefix(5)), new: Array(list.prefix(6))))
        #expect(!RelatedRanker.materialChange(old: list, new: swapped(0), tolerance: 1))
    }

    @Test("Weights survive a dictionary, and odd values keep their defaults")
    func weights() {
        let related = RelatedWeights(cosine: 0.25, lexical: -1, cooccurrence: 7)
        #expect(RelatedWeights(related.dictionary) == related)
        #expect(RelatedWeights(["lexical": .nan, "unknown": 3]) == RelatedWeights())
        #expect(RelatedWeights(columns: [0.25, -1, 7]) == related)
        let next = NextWeights(columns: [1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(NextWeights(next.dictionary) == next)
        #expect(Set(next.dictionary.keys) == Set(NextWeights.parts))
        #expect(next.clicks == 9 && next.recentClicks == 8 && next.active == 7 && next.touched == 6)
    }
}
