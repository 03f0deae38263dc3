import Foundation
import Schemas
import Support
import Testing

/// JSON against Foundation's parser, which is lax in places: whatever is read here must be JSON there, with equal values.
@Suite struct FoundationOracleTests {
    @Test func agreesOnMutatedRecords() throws {
        var source = SeededGenerator(seed: 300)
        var both = 0
        for _ in 0..<8000 {
            let bytes = mutated(try TrendingAndTexts.random(&source), &source)
            guard let profile = try? NoteProfile(json: bytes) else { continue }
            guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
                // Foundation refuses numbers that a double cannot hold exactly enough and names given twice.
                Issue.record("Foundation refuses \(String(decoding: bytes, as: UTF8.self))")
                continue
            }
            both += 1
            same(text(object, "title"), withoutMarks(profile.title), "title")
            same(text(object, "category"), withoutMarks(profile.category), "category")
            let hashtags = object["hashtags"] as? [[String: Any]] ?? []
            #expect(hashtags.map { text($0, "tag") } == profile.hashtags.map { withoutMarks($0.tag) })
            for (hashtag, ours) in zip(hashtags, profile.hashtags) {
                // Foundation's numbers are some units in the last place off; NumberTests has the exact oracle.
                let theirs = number(hashtag["score"])
                same(abs(theirs - ours.score) <= 1e-13 * abs(ours.score), true, "\(ours.score)")
            }
        }
        #expect(both > 1000)
    }

    /// Foundation drops U+FEFF from the front of texts and behind escapes.
    private func withoutMarks(_ text: String) -> [UInt8] {
        Array(String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\u{FEFF}" })).utf8)
    }

    private func text(_ object: [String: Any], _ key: String) -> [UInt8] {
        withoutMarks(object[key] as? String ?? "")
    }

    private func number(_ value: Any?) -> Double {
        (value as? NSNumber)?.doubleValue ?? (value as? String).flatMap(Double.init) ?? 0
    }

    /// The fields that are compared, as JSON.
    private enum TrendingAndTexts {
        static func random(_ source: inout SeededGenerator) throws -> [UInt8] {
            try NoteProfile(
                title: source.text(), category: source.text(),
                hashtags: source.list(3) { Hashtag(tag: $0.text(), score: Double.random(in: -9...9, using: &$0)) }
            ).encode(as: .json)
        }
    }
}
