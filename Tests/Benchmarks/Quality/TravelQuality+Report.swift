import Evaluation
import Foundation
import NoteLLM
import Tensors

extension TravelQuality {
    /// Chooses, fits again, judges, prints the table, and gives its figures as a JSON object of rows.
    ///
    /// - Parameter sentences: another encoder's vector of each title, of length 1; nil where there is none.
    func report(sentences: Matrix<Float>?) throws -> String {
        let layer = try chosenLayer()
        let corpus = isQuick ? titles.sample(Self.readingPool, seed: 1) : titles
        let judged = isJudging ? TravelTitles.judging : TravelTitles.choosing
        let (pairs, queries) = corpus.split(at: judged, until: isJudging ? nil : TravelTitles.judging)
        let terms = TermWeights(corpus.notes)
        progress("travel: latent semantics", 0, 1)
        let model = Learner(
            titles: corpus, states: try states(of: corpus, layer: layer),
            reading: Reading(layer: layer, pooling: .mean), baseModelSHA256: baseModelSHA256)
        let control = Learner(
            titles: corpus, states: try LatentSemantics.states(terms, dimension: self.model.configuration.width),
            reading: model.reading, baseModelSHA256: baseModelSHA256)
        print("\ntravel, training and blend, chosen on links from \(TravelTitles.choosing) to \(TravelTitles.judging)")
        let chosen = try choice("layer \(layer)", model, terms)
        let chosenControl = try choice("LSA", control, terms)

        var table = QualityTable(
            title: "travel, later duplicates: \(queries.count) in a pool of \(corpus.notes.count) titles, "
                + "\(pairs.count) links to learn from"
                + (isQuick ? " (QUICK: a small pool)" : "") + (isJudging ? "" : " (the links for choosing)"))
        func judge(_ scores: (_ notes: [Int]) -> Matrix<Float>) -> RetrievalFigures {
            RetrievalFigures(ranks: PairRetrieval.ranks(queries, scores: scores))
        }
        table.add("random", [.random(candidates: corpus.notes.count - 1)])
        var popularity = [Float](repeating: 0, count: corpus.notes.count)
        for pair in pairs { popularity[pair.target] += 1 }
        table.add("popularity", [judge { notes in Matrix(notes.map { _ in popularity }) }])
        table.add("tf-idf", [judge(PairRetrieval.lexical(terms))])
        table.add("bert", try sentences.map { [judge(PairRetrieval.cosines(try corpusRows(of: $0, corpus)))] })
        let untrained = try model.training(before: judged, pairs: pairs, steps: 1, seed: 1)
        table.add("zero-shot", [judge(PairRetrieval.cosines(untrained.embeddings(of: model.states)))])

        var rows: [String: [RetrievalFigures]] = [:]
        for seed in isQuick ? [1] : Self.seeds {
            for (name, learner, choice) in [("lsa", control, chosenControl), ("dense", model, chosen)] {
                progress("travel: training \(name), seed \(seed)", 0, 1)
                let embeddings = try learner.embeddings(before: judged, pairs: pairs, steps: choice.steps, seed: seed)
                rows[name, default: []].append(judge(PairRetrieval.cosines(embeddings)))
                rows[name + "+lexical", default: []].append(
                    judge(PairRetrieval.blend(embeddings, terms, weight: choice.blendWeight)))
            }
        }
        for name in ["lsa", "lsa+lexical", "dense", "dense+lexical"] { table.add(name, rows[name]) }
        print("\n" + table.text)
        print(bars(table))
        return table.json
    }

    /// The rows of the corpus' titles.
    private func corpusRows(of sentences: Matrix<Float>, _ corpus: TravelTitles) throws -> Matrix<Float> {
        guard sentences.rows == titles.notes.count else {
            throw EvaluationError.input(
                "The sentence encoder's file holds \(sentences.rows) vectors for \(titles.notes.count) titles. Delete it."
            )
        }
        let numbers = Dictionary(uniqueKeysWithValues: titles.notes.enumerated().map { ($1.id, $0) })
        return Matrix(corpus.notes.compactMap { numbers[$0.id].map(sentences.row) })
    }

    private func bars(_ table: QualityTable) -> String {
        func mean(_ row: String) -> RetrievalFigures {
            table.mean(row) ?? RetrievalFigures(recall10: 0, recall100: 0, reciprocalRank: 0)
        }
        let (floor, both, dense, lsa) = (mean("tf-idf"), mean("dense+lexical"), mean("dense"), mean("lsa"))
        func line(_ name: String, _ value: Double, _ bar: Double, strictly: Bool = false) -> String {
            let reached = strictly ? value > bar : value >= bar
            return "  \(reached ? "reached" : "MISSED ")  \(name) "
                + "\(QualityTable.decimal(value)), wanted \(QualityTable.decimal(bar))"
        }
        return [
            "bars:",
            line("dense+lexical R@10, 1.2 × TF-IDF", both.recall10, 1.2 * floor.recall10),
            line("dense+lexical R@100, 1.35 × TF-IDF", both.recall100, 1.35 * floor.recall100),
            line("dense R@100 above TF-IDF", dense.recall100, floor.recall100, strictly: true),
            line("dense R@100 above LSA", dense.recall100, lsa.recall100, strictly: true),
        ].joined(separator: "\n")
    }
}
