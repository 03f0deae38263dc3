import CoOccurrence
import Evaluation
import Foundation
import LexicalIndex
import Ranking
import Support
import Testing

@Suite("Prequential evaluation")
struct PrequentialTests {
    private static let simulated = Simulation(SimulationSettings(notes: 80, clicks: 700, users: 16, days: 6, seed: 5))
    private let log = EngagementLog(notes: simulated.notes, clicks: simulated.clicks)

    /// Two windows of two days, users settled a millisecond after their click: co-occurrence is then the batch formula at
    /// every line.
    private func settings() throws -> PrequentialSettings {
        PrequentialSettings(
            window: try WindowSettings(windowBuckets: 2, idleMilliseconds: 1), listSize: 5, seed: 3)
    }

    /// Unit vectors that have nothing to do with the text.
    private var embeddings: [[Float]] {
        var generator = SeededGenerator(seed: 9)
        return log.notes.map { _ in (0..<8).map { _ in Float.random(in: -1...1, using: &generator) } }
    }

    @Test("Ranks of every ranking equal those recomputed for each test from the log alone")
    func oracle() throws {
        let weights = ListWeights(
            related: RelatedWeights(cosine: 0.7, lexical: 0.2, cooccurrence: 3),
            next: NextWeights(columns: [0.5, 0.4, 2, 0.3, 0.2, 0.6, 0.5, 0.4, -0.3]))
        let result = try Prequential(log, embeddings: embeddings, settings: settings()).run(weights: weights)
        let tests = log.tests.filter { $0.line >= log.half }
        #expect(result.count == tests.count && tests.count > 50)
        let oracle = PrequentialOracle(log: log, embeddings: embeddings, window: try settings().window)
        for (place, test) in tests.enumerated() {
            let expected = oracle.ranks(test, weights)
            for (name, rank) in expected {
                #expect(
                    result.tallies[name]?.ranks[place] == rank, "\(name) at line \(test.line)")
            }
        }
        #expect(Set(result.tallies.keys).count == 8)
    }

    @Test("The fit finds what a log was made with: targets are what is newest")
    func fitted() throws {
        let result = try Prequential(log, embeddings: embeddings, settings: settings()).run()
        #expect(result.choices > 50)
        let next = try #require(result.tallies["next"])
        for floor in ["tfidf", "most_recently_active"] {
            #expect(next.mrr > (result.tallies[floor]?.mrr ?? 1))
        }
        #expect(result.weights.next.cosine >= 0 && result.weights.next.lexical >= 0)
        #expect(result.weights.nextWithoutText.cosine == 0 && result.weights.nextWithoutText.lexical == 0)
        #expect(result.weights.nextWithoutCooccurrence.cooccurrence == 0)
        let again = try Prequential(log, embeddings: embeddings, settings: settings()).run()
        #expect(again.weights == result.weights)
        #expect(again.tallies == result.tallies)
    }

    @Test("Few candidates and few choices still fit; a log without tests says so")
    func limits() throws {
        var few = try settings()
        few.maximumCandidates = 10
        few.maximumChoices = 40
        let result = try Prequential(log, embeddings: [], settings: few).run()
        #expect(result.choices <= 40 && result.choices > 20)
        #expect(result.weights.next.cosine == 0)
        let lonely = EngagementLog(notes: log.notes, clicks: Array(log.clicks.prefix(2)))
        #expect(throws: EvaluationError.self) { try Prequential(lonely, embeddings: []).run() }
    }

    @Test("The report prints an aligned table and one line of valid JSON with the keys that readers expect")
    func report() throws {
        let result = try Prequential(log, embeddings: embeddings, settings: settings()).run()
        let report = EvaluationReport(
            result, tags: TagRecall(count: 3, recall5: 0.5, floor5: 0.25), heading: ["heading"], resamples: 200, seed: 1
        )
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect(json["n"] as? Int == result.count)
        #expect(!report.json.contains("\n"))
        let metrics: Set = ["hit10", "hit100", "mrr", "coverage", "similarity"]
        for name in Prequential.learned {
            #expect(Set(try #require(json[name] as? [String: Double]).keys) == metrics)
        }
        let floors = try #require(json["floors"] as? [String: [String: Double]])
        #expect(Set(floors.keys) == ["tfidf", "popularity_7d", "newest", "most_recently_active"])
        #expect(json["tags_r5"] as? Double == 0.5)
        #expect((json["staleness"] as? [String: Double])?["difference"].map { $0 >= 0 && $0 < 0.5 } == true)
        #expect(report.text.contains("Hit@10") && report.text.contains("TF-IDF"))
        #expect(report.differences.count == 14)
    }

    @Test("A paired bootstrap's interval is that of the normal approximation, and a constant difference has none")
    func bootstrap() {
        var generator = SeededGenerator(seed: 4)
        let values = (0..<400).map { _ in Double.random(in: -1...1.2, using: &generator) }
        let found = PairedBootstrap(resamples: 4000, seed: 1).interval(users: Array(0..<400), values: values)
        let mean = values.reduce(0, +) / 400
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400).squareRoot() / 20
        #expect(abs(found.interval.lowerBound - (mean - 1.96 * deviation)) < 0.01)
        #expect(abs(found.interval.upperBound - (mean + 1.96 * deviation)) < 0.01)
        let constant = PairedBootstrap(resamples: 100, seed: 1).interval(users: [1, 1, 2], values: [0.5, 0.5, 0.5])
        #expect(constant.interval == 0.5...0.5 && constant.chanceOfNone == 0)
        // One user's many alike tests are worth one test.
        let alike = PairedBootstrap(resamples: 2000, seed: 1)
            .interval(users: values.indices.map { $0 % 4 }, values: values.indices.map { $0 % 4 == 0 ? 1 : 0 })
        #expect(alike.interval.upperBound - alike.interval.lowerBound > 0.4)
    }
}
