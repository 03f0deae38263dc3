import Ranking
import Support
import Testing

@Suite("Lists for a user")
struct ForUserTests {
    private func item(_ note: String, _ score: Double) -> RankedNote {
        RankedNote(
            note: Array(note.utf8), score: score, features: RelatedFeatures(cosine: score, lexical: score / 2),
            reason: "similar text")
    }

    @Test("each candidate keeps the pair that speaks most for it, older ones decayed; what was touched is left out")
    func merge() {
        let merged = ForUser.merge(
            [[item("a", 1), item("b", 0.5)], [item("b", 0.7), item("c", 1), item("x", 9)]],
            excluding: [Array("x".utf8)])
        #expect(merged.map { String(decoding: $0.note, as: UTF8.self) } == ["a", "c", "b"])
        #expect(merged.map(\.score) == [1, 0.8, 0.7 * 0.8])
        #expect(merged[1].features == RelatedFeatures(cosine: 0.8, lexical: 0.4))
        #expect(ForUser.merge([], excluding: []).isEmpty)
    }

    @Test("whatever the lists, every candidate's score is the largest of its decayed ones", arguments: 1...20)
    func largest(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let lists = (0..<4).map { _ in
            (0..<6).map { _ in item("n\(Int.random(in: 0..<9, using: &random))", .random(in: -1...1, using: &random)) }
        }
        let touched = Set([Array("n3".utf8)])
        var expected: [[UInt8]: Double] = [:]
        for (age, list) in lists.enumerated() {
            var weight = 1.0
            for _ in 0..<age { weight *= ForUser.decay }
            for item in list where !touched.contains(item.note) {
                expected[item.note] = max(expected[item.note] ?? -.infinity, item.score * weight)
            }
        }
        let merged = ForUser.merge(lists, excluding: touched)
        #expect(Dictionary(uniqueKeysWithValues: merged.map { ($0.note, $0.score) }) == expected)
    }
}
