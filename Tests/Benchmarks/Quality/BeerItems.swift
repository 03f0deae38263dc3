import Evaluation
import Foundation
import NoteLLM
import Tensors

extension BeerQuality {
    /// Item to item: where the note stands that the same people touched next, in the last part of the log, by what the rest
    /// of it says. Pairs that were known before are not left out.
    ///
    /// - Parameter encoded: further encoders' rows: one vector per note of the log, of any length.
    func items(encoded: [(row: String, vectors: [[Float]])] = []) throws -> Table {
        let split = PairSplit(log)
        let count = log.notes.count
        let zeroShot = try version(from: split.known)
        let terms = TermWeights(log.notes, fitted: split.known)
        let popularity = split.popularity()
        let rows = split.cooccurrence()
        var table: Table = []
        func judge(_ row: String, _ scores: ([Int]) -> Matrix<Float>) {
            let figures = RetrievalFigures(ranks: PairRetrieval.ranks(split.later, scores: scores))
            table.append(
                (
                    row,
                    [("r10", figures.recall10), ("r100", figures.recall100), ("mrr", figures.reciprocalRank)]
                ))
        }
        judge("random") { Matrix(rows: $0.count, columns: count) }
        judge("popularity") { Matrix($0.map { _ in popularity }) }
        judge("TF-IDF", PairRetrieval.lexical(terms))
        judge("co-occurrence") { notes in
            var scores = Matrix<Float>(rows: notes.count, columns: count)
            for (row, source) in notes.enumerated() {
                for (note, score) in rows[source] ?? [] { scores[row, note] = score }
            }
            return scores
        }
        for (row, vectors) in encoded { judge(row, PairRetrieval.cosines(unit(vectors))) }
        judge("zero-shot", PairRetrieval.cosines(Matrix(states.map(zeroShot.embedding))))
        let trained = try trainedEmbeddings(parent: zeroShot, split)
        judge("trained", PairRetrieval.cosines(trained))
        judge("trained + TF-IDF", PairRetrieval.blend(trained, terms, weight: 1))
        return table
    }

    /// The projection trained on the pairs before the cut, with what did best for notes that people touch together: more
    /// dropout and a lower temperature than for links.
    private func trainedEmbeddings(parent: ModelVersion, _ split: PairSplit) throws -> Matrix<Float> {
        var settings = ProjectionTraining.Settings()
        settings.dropout = 0.5
        settings.temperature = 2.3
        var training = try ProjectionTraining(
            parent: parent, notes: trainingNotes(split.known), states: Array(states.prefix(split.known)),
            pairs: split.training, settings: settings)
        while !training.isFinished {
            _ = try training.step()
            progress("beer: training the projection", training.progress.done, training.progress.of)
        }
        return training.embeddings(of: states)
    }

    /// Vectors at length 1; those of length 0 are like nothing.
    private func unit(_ vectors: [[Float]]) -> Matrix<Float> {
        var rows = Matrix(vectors)
        rows.normaliseRows()
        return rows
    }
}
