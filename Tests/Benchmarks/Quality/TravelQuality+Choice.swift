import Evaluation
import Foundation
import NoteLLM
import Tensors

extension TravelQuality {
    /// What the choosing links chose for one kind of states.
    struct Choice {
        let steps: Int
        /// Of the TF-IDF cosine.
        let blendWeight: Float
        /// Embeddings alone, and with TF-IDF, on the choosing links.
        let alone, blended: RetrievalFigures
    }

    /// The layer whose trained embeddings find most of the choosing links in a pool of 5,000.
    func chosenLayer() throws -> Int {
        let sample = titles.sample(Self.readingPool, seed: 1)
        let (pairs, queries) = sample.split(at: TravelTitles.choosing, until: TravelTitles.judging)
        print(
            "\ntravel, the reading: \(sample.notes.count) titles, \(pairs.count) links to learn from, "
                + "\(queries.count) later duplicates")
        var best: (layer: Int, worth: Double)?
        for layer in isQuick ? Self.quickLayers : Self.layers {
            let learner = Learner(
                titles: sample, states: try states(of: sample, layer: layer),
                reading: Reading(layer: layer, pooling: .mean), baseModelSHA256: baseModelSHA256)
            let embeddings = try learner.embeddings(
                before: TravelTitles.choosing, pairs: pairs, steps: Self.steps[0], seed: 1)
            let figures = RetrievalFigures(
                ranks: PairRetrieval.ranks(queries, scores: PairRetrieval.cosines(embeddings)))
            print(QualityTable.line("  mean after layer \(layer)", figures))
            fflush(nil)
            if Self.worth(figures) > best?.worth ?? -1 { best = (layer, Self.worth(figures)) }
        }
        return best?.layer ?? Reading.standard.layer
    }

    /// Chooses how long to train and how to blend.
    func choice(_ name: String, _ learner: Learner, _ terms: TermWeights) throws -> Choice {
        let (pairs, queries) = learner.titles.split(at: TravelTitles.choosing, until: TravelTitles.judging)
        var best: (choice: Choice, worth: Double)?
        for steps in isQuick ? [Self.steps[0]] : Self.steps {
            let embeddings = try learner.embeddings(
                before: TravelTitles.choosing, pairs: pairs, steps: steps, seed: 1)
            let alone = RetrievalFigures(
                ranks: PairRetrieval.ranks(queries, scores: PairRetrieval.cosines(embeddings)))
            print(QualityTable.line("  \(name), \(steps) steps", alone))
            fflush(nil)
            for weight in Self.blendWeights {
                let blended = RetrievalFigures(
                    ranks: PairRetrieval.ranks(queries, scores: PairRetrieval.blend(embeddings, terms, weight: weight)))
                let worth = Self.worth(alone) + Self.worth(blended)
                if worth > best?.worth ?? -1 {
                    best = (Choice(steps: steps, blendWeight: weight, alone: alone, blended: blended), worth)
                }
            }
        }
        guard let best else { throw EvaluationError.input("There is nothing to choose from for \(name).") }
        print(QualityTable.line("  \(name) + \(best.choice.blendWeight) × TF-IDF", best.choice.blended))
        fflush(nil)
        return best.choice
    }
}
