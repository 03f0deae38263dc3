import Evaluation
import Foundation
import LanguageModel
import NoteLLM
import Tensors

/// Judges what finds the title that a person linked: see ``TravelTitles``.
struct TravelQuality {
    /// Readings to choose from: the mean over a title's tokens after so many layers.
    static let layers = [4, 8, 12]
    static let quickLayers = [4, 8]
    /// The pool that the reading is chosen on.
    static let readingPool = 5_000
    /// Lengths of training to choose from.
    static let steps = [300, 600, 1_200]
    /// Weights of the TF-IDF cosine beside the embeddings' to choose from.
    static let blendWeights: [Float] = [0.25, 0.5, 0.75, 1, 1.5, 2, 3]
    static let seeds: [UInt64] = [1, 2, 3]

    let titles: TravelTitles
    let model: LanguageModel
    let baseModelSHA256: String
    let cache: URL
    let threads: Int
    /// The pool is small, and there is one seed.
    let isQuick: Bool
    /// The later duplicates are judged; else the links for choosing stand in.
    let isJudging: Bool
    let progress: @Sendable (_ step: String, _ done: Int, _ total: Int) -> Void

    /// Pooled states of a corpus, read from the cache where they are there.
    func states(of titles: TravelTitles, layer: Int) throws -> [[Float]] {
        let encoder = try NoteEncoder(model: model, reading: Reading(layer: layer, pooling: .mean))
        let cache = StateCache(folder: cache, encoder: encoder, threads: threads) { [progress] done, total in
            progress("travel: reading titles through \(layer) layers", done, total)
        }
        return try cache.states(of: titles.texts, baseModelSHA256: baseModelSHA256)
    }

    /// One kind of states with what is learned from it.
    struct Learner {
        let titles: TravelTitles
        /// One per title: of the language model, or of the control.
        let states: [[Float]]
        let reading: Reading
        let baseModelSHA256: String

        /// The closed-form version of the titles before `time`, and its training on `pairs`, not begun.
        func training(
            before time: String, pairs: [TrainingPair], steps: Int, seed: UInt64
        ) throws -> ProjectionTraining {
            let known = titles.known(before: time)
            let parent = try Bootstrap.run(
                known.map { note($0) }, states: known.map { states[$0] },
                settings: BootstrapSettings(baseModelSHA256: baseModelSHA256, reading: reading)
            ).version
            var settings = ProjectionTraining.Settings()
            settings.seed = seed
            settings.steps = steps
            return try ProjectionTraining(
                parent: parent, notes: titles.notes.indices.map { note($0) }, states: states, pairs: pairs,
                settings: settings)
        }

        /// Trained embeddings of all titles.
        func embeddings(
            before time: String, pairs: [TrainingPair], steps: Int, seed: UInt64
        ) throws -> Matrix<Float> {
            var training = try training(before: time, pairs: pairs, steps: steps, seed: seed)
            while !training.isFinished { _ = try training.step() }
            return training.embeddings(of: states)
        }

        private func note(_ number: Int) -> TrainingNote {
            TrainingNote(text: NoteText(title: titles.notes[number].title), time: titles.notes[number].created)
        }
    }

    /// What a choice is made by: the share found among ten and among a hundred, alike.
    static func worth(_ figures: RetrievalFigures) -> Double { figures.recall10 + figures.recall100 }
}
