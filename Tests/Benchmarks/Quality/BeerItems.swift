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
        func judge(_ row: String, _ scores: (Int) -> [Float]) {
            let ranks = split.ranks(scores)
            func mean(_ value: (Double) -> Double) -> Double {
                ranks.reduce(0) { $0 + value($1) } / Double(max(ranks.count, 1))
            }
            table.append(
                (
                    row,
                    [
                        ("r10", mean { $0 <= 10 ? 1 : 0 }), ("r100", mean { $0 <= 100 ? 1 : 0 }),
                        ("mrr", mean { 1 / $0 }),
                    ]
                ))
        }
        judge("random") { _ in Array(repeating: 0, count: count) }
        judge("popularity") { _ in popularity }
        judge("TF-IDF") { terms.similarities(of: $0, count: count) }
        judge("co-occurrence") { source in
            var scores = [Float](repeating: 0, count: count)
            for (note, score) in rows[source] ?? [] { scores[note] = score }
            return scores
        }
        for (row, vectors) in encoded { judge(row, Cosines(vectors).callAsFunction) }
        let untrained = Cosines(states.map(zeroShot.embedding))
        judge("zero-shot", untrained.callAsFunction)
        let trained = Cosines(try trainedEmbeddings(parent: zeroShot, split))
        judge("trained", trained.callAsFunction)
        judge("trained + TF-IDF") { source in
            zip(trained(source), terms.similarities(of: source, count: count)).map { $0 + $1 }
        }
        return table
    }

    /// The projection trained on the pairs before the cut, with what did best for notes that people touch together: more
    /// dropout and a lower temperature than for links.
    private func trainedEmbeddings(parent: ModelVersion, _ split: PairSplit) throws -> [[Float]] {
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
        let embeddings = training.embeddings(of: states)
        return (0..<embeddings.rows).map { embeddings.row($0) }
    }
}

/// Cosines of one note's vector with all others'.
struct Cosines {
    private let vectors: [[Float]]

    /// - Parameter vectors: one per note; those of length 0 are like nothing.
    init(_ vectors: [[Float]]) {
        self.vectors = vectors.map { vector in
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return length > 0 ? vector.map { $0 / length } : vector
        }
    }

    func callAsFunction(_ note: Int) -> [Float] {
        vectors.map { other in zip(vectors[note], other).reduce(0) { $0 + $1.0 * $1.1 } }
    }
}
