import Foundation
import NoteLLM
import Support
import Tensors
import Testing

/// The language model's part of a hashtag's score, with made-up likelihoods in a language model's place.
@Suite struct WeighingTests {
    /// What the fit asks, and of which notes.
    private func fit(
        _ corpus: Corpus, weigh: HashtagScorer.Weigh?
    ) throws -> (scorer: HashtagScorer, validation: HashtagScorer.Validation) {
        let texts = corpus.notes.map(\.text)
        return try #require(
            try HashtagScorer.fit(
                texts: texts, states: Matrix(corpus.states), hashtags: corpus.notes.map(\.hashtags),
                validationRows: Array(texts.indices), weigh: weigh))
    }

    /// Texts and states that say nothing about the hashtags.
    private static func silent(_ count: Int) -> Corpus {
        var corpus = Corpus(count: count)
        corpus.states = Corpus(count: count, seed: 99).states
        corpus.notes = corpus.notes.enumerated().map { position, note in
            TrainingNote(
                text: NoteText(title: "Note \(position)"), hashtags: ["tag\(position * 7 % 9)"], time: note.time)
        }
        return corpus
    }

    @Test func likelihoodsThatHelpAreTakenIn() throws {
        let corpus = Self.silent(200)
        let truth = Dictionary(uniqueKeysWithValues: corpus.notes.map { ($0.text, $0.hashtags) })
        let weigh: HashtagScorer.Weigh = { notes in
            notes.map { note in note.hashtags.map { truth[note.text]?.contains($0) == true ? -1 : -9 } }
        }
        let (scorer, validation) = try fit(corpus, weigh: weigh)
        #expect(scorer.mix.generation > 0.5 && (validation.weighedGain ?? 0) > 0.1)
        for (position, note) in corpus.notes.enumerated().prefix(20) {
            let candidates = scorer.candidates(standardised: corpus.states[position], text: note.text)
            let likelihoods = candidates.map { note.hashtags.contains(scorer.tags[$0]) ? -1.0 : -9 }
            let best = scorer.best(
                standardised: corpus.states[position], text: note.text, likelihoods: likelihoods)
            #expect(best.first?.tag == note.hashtags.first)
        }
    }

    @Test func likelihoodsThatDoNotHelpAreNotAskedFor() throws {
        let corpus = Corpus(count: 200)
        var random = SeededGenerator(seed: 5)
        var asked: [(text: NoteText, hashtags: [String])] = []
        let (scorer, validation) = try fit(corpus) { notes in
            asked = notes
            return notes.map { note in note.hashtags.map { _ in Double.random(in: -9 ... -1, using: &random) } }
        }
        #expect(scorer.mix.generation == 0 && validation.weighedGain != nil)
        #expect(asked.count <= HashtagScorer.maximumWeighedNotes && asked.count == 200)
        #expect(asked.allSatisfy { Set($0.hashtags).count == $0.hashtags.count && !$0.hashtags.isEmpty })
        // Nothing else has changed by the asking.
        let (plain, other) = try fit(corpus, weigh: nil)
        #expect(plain.mix == scorer.mix && other.weighedGain == nil)
        let state = corpus.states[3]
        let text = corpus.notes[3].text
        let count = scorer.candidates(standardised: state, text: text).count
        #expect(
            scorer.best(standardised: state, text: text, likelihoods: Array(repeating: -1, count: count))
                == plain.best(standardised: state, text: text))
    }

    @Test func theLanguageModelsWeightTravelsWithTheVersion() throws {
        let version = try Corpus(count: 60).bootstrap()
        #expect(!version.asksForHashtagLikelihoods)
        var mix = try #require(version.manifest.hashtags)
        mix.generation = 0.25
        let encoded = try JSONEncoder().encode(mix)
        #expect(try JSONDecoder().decode(HashtagMix.self, from: encoded) == mix)
        // Versions from before do not name it.
        let old = #"{"linear": 0.5, "lexical": 0.25, "title": 1, "content": 0}"#
        #expect(try JSONDecoder().decode(HashtagMix.self, from: Data(old.utf8)).generation == 0)
    }

    @Test func wrongLikelihoodsAreRefused() throws {
        #expect {
            try fit(Self.silent(40)) { notes in notes.map { _ in [-1] } }
        } throws: { ($0 as? NoteLLMError)?.kind == .shape }
    }

    @Test func sharesAreOfTheCandidatesAlone() {
        let shares = HashtagScorer.shares(of: [-1000, -1000, -1001])
        #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
        #expect(abs(shares[0] / shares[2] - exp(1)) < 1e-9)
        #expect(HashtagScorer.shares(of: []).isEmpty)
    }

    @Test func partsCanBeJudgedAlone() throws {
        let corpus = Corpus(count: 80)
        let version = try corpus.bootstrap()
        var mix = try #require(version.manifest.hashtags)
        let (state, text) = (corpus.states[7], corpus.notes[7].text)
        let all = version.profile(pooled: state, text: text).hashtags.map(\.tag)
        #expect(version.hashtags(pooled: state, text: text, mix: mix) == all)
        #expect(version.likeliestCategory(pooled: state) == corpus.notes[7].category)
        // The words of no tag stand in these texts.
        (mix.linear, mix.lexical) = (0, 0)
        #expect(version.hashtags(pooled: state, text: text, mix: mix).isEmpty)
    }
}
