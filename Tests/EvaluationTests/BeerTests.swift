import CoOccurrence
import Evaluation
import Foundation
import LexicalIndex
import Support
import Testing

@Suite("The beer log")
struct BeerTests {
    /// The floors as first measured: Hit@10, Hit@100, MRR.
    private static let floors: [String: [Double]] = [
        "tfidf": [0.040, 0.205, 0.025], "popularity_7d": [0.687, 0.848, 0.303], "newest": [0.719, 0.809, 0.557],
        "most_recently_active": [0.737, 0.866, 0.510],
    ]

    @Test(
        "1,507 tests; the floors agree with the first measurement; next, fitted on the first half, beats them",
        .enabled(if: SharedData.beer != nil, "the beer log is not beside the checkout"), .timeLimit(.minutes(5)))
    func floors() throws {
        let folder = try #require(SharedData.beer)
        let log = EngagementLog(
            notes: try LogFiles.notes(at: folder.appending(path: "notes.jsonl").path),
            clicks: try LogFiles.clicks(at: folder.appending(path: "events.tsv").path))
        #expect(log.notes.count == 1029 && log.clicks.count == 7122)
        // Thirty days: what rolling splits of the first half prefer on so quiet a site (mean log-likelihood of a choice
        // −3.04, against −3.08 with seven days).
        let settings = PrequentialSettings(window: try WindowSettings(windowBuckets: 30), followsEmittedLists: false)
        let result = try Prequential(log, embeddings: Self.hashedTerms(log), settings: settings).run()
        #expect(result.count == 1507)
        for (name, expected) in Self.floors {
            let tally = try #require(result.tallies[name])
            for (value, wanted) in zip([tally.hit10, tally.hit100, tally.mrr], expected) {
                #expect(abs(value - wanted) < 0.005, "\(name): \(value), not \(wanted)")
            }
        }
        let next = try #require(result.tallies["next"])
        #expect(next.hit10 >= 0.75)
        #expect(next.mrr > (result.tallies["newest"]?.mrr ?? 1))
    }

    /// Terms hashed into 256 signed places: an embedding that needs no language model.
    private static func hashedTerms(_ log: EngagementLog) -> [[Float]] {
        var documents: [String: Int] = [:]
        let terms = log.notes.map { Array(Set(Terms.split($0.title + " " + $0.content))) }
        for document in terms { for term in document { documents[term, default: 0] += 1 } }
        return terms.map { document in
            var vector = [Float](repeating: 0, count: 256)
            for term in document.sorted() {
                var hash: UInt64 = 0xCBF2_9CE4_8422_2325
                for byte in term.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
                var mixed = SeededGenerator(seed: hash)
                let place = mixed.next()
                let rarity = Float(log2(Double(log.notes.count) / Double(documents[term] ?? 1)))
                vector[Int(place % 256)] += place >> 63 == 0 ? rarity : -rarity
            }
            return vector
        }
    }
}
