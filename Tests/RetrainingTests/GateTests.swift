import Evaluation
import NoteLLM
import Retraining
import Support
import Testing

@Suite struct GateTests {
    /// Ranks of 200 pairs, two of each source.
    private func judgement(
        rank: Double, tags: Double = 0.6, hits: Double = 0.8, seed: UInt64 = 1, spread: Double = 4
    ) -> Judgement {
        var random = SeededGenerator(seed: seed)
        let ranks = (0..<200).map { _ in rank + Double.random(in: 0...spread, using: &random) }
        return Judgement(
            ranks: ranks, cosineRanks: ranks, tagRecalls: (0..<100).map { Double($0) < 100 * tags ? 1 : 0 },
            categoryHits: (0..<100).map { Double($0) < 100 * hits })
    }

    private let sources = (0..<200).map { $0 / 2 }

    @Test func aClearGainIsPromoted() {
        let verdict = Gate().verdict(sources: sources, challenger: judgement(rank: 1), serving: judgement(rank: 3))
        #expect(verdict.isPromoted && verdict.reasons.isEmpty)
        #expect(verdict.intervalLow > 0 && verdict.gain > verdict.intervalLow && verdict.gain < verdict.intervalHigh)
        #expect(verdict.pairs == 200 && verdict.notes == 100)
    }

    @Test func eachReasonAloneRefuses() {
        let serving = judgement(rank: 3)
        func reasons(_ challenger: Judgement, sources: [Int]? = nil, serving other: Judgement? = nil) -> [String] {
            Gate().verdict(sources: sources ?? self.sources, challenger: challenger, serving: other ?? serving).reasons
        }
        #expect(reasons(serving) == ["the interval of the pairs' reciprocal rank does not lie above zero"])
        #expect(reasons(judgement(rank: 1, tags: 0.58)) == ["hashtag R@5 is worse by more than 0.01"])
        #expect(reasons(judgement(rank: 1, tags: 0.595)).isEmpty)
        #expect(reasons(judgement(rank: 1, hits: 0.7)) == ["category accuracy is worse by more than 0.01"])
        // First places in half of the pairs, and hopeless ones in the other.
        var torn = judgement(rank: 1, spread: 0)
        for place in stride(from: 0, to: 200, by: 2) { torn.ranks[place] = 500 }
        #expect(reasons(torn) == ["R@10 is worse by more than 0.01", "R@100 is worse by more than 0.01"])
        func few(_ judgement: Judgement) -> Judgement {
            Judgement(ranks: Array(judgement.ranks.prefix(10)), cosineRanks: Array(judgement.ranks.prefix(10)))
        }
        #expect(
            reasons(few(judgement(rank: 1)), sources: Array(sources.prefix(10)), serving: few(serving))
                == ["only 10 unseen pairs: 30 are needed to judge"])
    }

    /// Noise decides nothing: of equal versions about one in forty may pass by chance, not one in four.
    @Test func equalVersionsHardlyEverPass() {
        let passed = (0..<100 as Range<UInt64>).count { seed in
            Gate(resamples: 400).verdict(
                sources: sources, challenger: judgement(rank: 2, seed: seed),
                serving: judgement(rank: 2, seed: seed + 1_000)
            ).isPromoted
        }
        #expect(passed <= 10)
    }

    /// Hidden themes in weak dimensions: pairs of one theme teach them, shuffled pairs teach nothing, and whoever learned
    /// from shuffled hashtags gives wrong ones.
    @Test func anHonestChallengerPassesAndAPoisonedOneDoesNot() throws {
        var random = SeededGenerator(seed: 4)
        let count = 300
        let themes = (0..<count).map { _ in Int.random(in: 0..<10, using: &random) }
        let notes = (0..<count).map { number in
            TrainingNote(
                text: NoteText(title: "Note \(number)", content: "text \(number)"),
                hashtags: ["theme\(themes[number])"], time: Int64(number))
        }
        let states = themes.map { theme in
            (0..<28).map { i in
                Float.random(in: -1...1, using: &random) * (i < 18 ? 3 : 0.4) + (i == 18 + theme ? 0.8 : 0)
            }
        }
        func pairs(_ range: Range<Int>, _ count: Int) -> [TrainingPair] {
            var made: [TrainingPair] = []
            while made.count < count {
                let (a, b) = (Int.random(in: range, using: &random), Int.random(in: range, using: &random))
                if a != b, themes[a] == themes[b] { made.append(TrainingPair(source: a, target: b)) }
            }
            return made
        }
        var settings = BootstrapSettings(baseModelSHA256: "base")
        settings.dimension = 12
        let serving = try Bootstrap.run(notes, states: states, settings: settings).version
        let honest = pairs(0..<200, 600)
        let targets = honest.map(\.target).shuffled(using: &random)
        let poisoned = zip(honest, targets).map { TrainingPair(source: $0.source, target: $1) }
            .filter { $0.source != $0.target }
        let unseen = pairs(200..<300, 300)
        func judge(_ version: ModelVersion) -> Judgement {
            let embeddings = states.map(version.embedding)
            let ranks = unseen.map { pair in
                let cosines = embeddings.map { zip($0, embeddings[pair.source]).reduce(Float(0)) { $0 + $1.0 * $1.1 } }
                return Double(1 + cosines.indices.count { $0 != pair.source && cosines[$0] > cosines[pair.target] })
            }
            let recalls = (200..<300).map { number in
                let given = version.profile(pooled: states[number], text: notes[number].text).hashtags.prefix(5)
                return given.contains { $0.tag == notes[number].hashtags[0] } ? 1.0 : 0
            }
            return Judgement(ranks: ranks, cosineRanks: ranks, tagRecalls: recalls)
        }
        func verdict(_ pairs: [TrainingPair], notes: [TrainingNote]) throws -> Verdict {
            var settings = ProjectionTraining.Settings()
            settings.steps = 150
            settings.batch = 64
            settings.learningRate = 5e-3
            var training = try ProjectionTraining(
                parent: serving, notes: notes, states: states, pairs: pairs, settings: settings)
            while !training.isFinished { _ = try training.step() }
            return Gate().verdict(
                sources: unseen.map(\.source), challenger: judge(try training.version()), serving: judge(serving))
        }
        let promoted = try verdict(honest, notes: notes)
        #expect(promoted.isPromoted, "\(promoted)")
        let refused = try verdict(poisoned, notes: notes)
        #expect(refused.reasons.contains { $0.contains("does not lie above zero") }, "\(refused)")
        let labels = notes.map(\.hashtags).shuffled(using: &random)
        let mislabelled = zip(notes, labels).map { TrainingNote(text: $0.text, hashtags: $1, time: $0.time) }
        let wrong = try verdict(honest, notes: mislabelled)
        #expect(wrong.reasons == ["hashtag R@5 is worse by more than 0.01"], "\(wrong)")
    }
}
