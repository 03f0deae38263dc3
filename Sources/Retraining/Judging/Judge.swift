import Evaluation
import NoteLLM
import Ranking
import Tensors

/// Judges versions on the same unseen pairs and notes. The pool is every note of the snapshot but the one looked at.
struct Judge {
    /// A version with what it reads.
    struct Contestant {
        let version: ModelVersion
        /// The pooled states of all notes, as the version reads them.
        let states: [[Float]]
        /// The version that predicts the labels.
        let tagger: ModelVersion
    }

    /// More pairs and notes than these add little and cost much.
    private static let maximumPairs = 4_000
    private static let maximumNotes = 1_000

    private let notes: [LoggedNote]
    private let pairs: [TrainingPair]
    /// Notes whose labels no contestant has seen.
    private let labelled: [Int]

    /// The source of each judged pair.
    var sources: [Int] { pairs.map(\.source) }

    /// - Parameters:
    ///   - notes: the pool, in the order of a snapshot.
    ///   - pairs: unseen ones.
    ///   - labelled: notes whose labels are unseen.
    init(_ notes: [LoggedNote], pairs: [TrainingPair], labelled: [Int] = []) {
        self.notes = notes
        self.pairs = Self.spread(pairs, Self.maximumPairs)
        self.labelled = Self.spread(labelled, Self.maximumNotes)
    }

    /// The mean reciprocal rank of the pairs by the cosine alone.
    ///
    /// - Parameter embeddings: notes × dimension, rows of length 1.
    func cosineMRR(of embeddings: Matrix<Float>) -> Double {
        var sum = 0.0
        for (source, places) in bySource {
            let cosines = embeddings.times(embeddings.row(source))
            for place in places {
                sum += 1 / Ranks.midRank(of: pairs[place].target, in: cosines, excluding: source)
            }
        }
        return pairs.isEmpty ? 0 : sum / Double(pairs.count)
    }

    /// Ranks every pair's target and predicts every labelled note's labels. Words are scored by the index that serves.
    func judgements(of contestants: [Contestant]) throws -> [Judgement] {
        let words = try ContentFeatures(EngagementLog(notes: notes, clicks: []), embeddings: [])
        try words.index(upTo: notes.count)
        let embeddings = contestants.map { one in Matrix(one.states.map(one.version.embedding)) }
        let weights = contestants.map { ListWeights($0.version.manifest.listWeights).related }
        let unranked = [Double](repeating: 0, count: pairs.count)
        var judgements = contestants.map { _ in Judgement(ranks: unranked, cosineRanks: unranked) }
        for (source, places) in bySource {
            var features = words.pairs(of: source, count: notes.count)
            for place in contestants.indices {
                let cosines = embeddings[place].times(embeddings[place].row(source))
                for note in features.indices { features[note].cosine = Double(cosines[note]) }
                let scores = features.map { RelatedRanker.score($0, weights[place]) }
                for pair in places {
                    let target = pairs[pair].target
                    judgements[place].ranks[pair] = Ranks.midRank(of: target, in: scores, excluding: source)
                    judgements[place].cosineRanks[pair] = Ranks.midRank(of: target, in: cosines, excluding: source)
                }
            }
        }
        for place in contestants.indices { judgeLabels(of: contestants[place], into: &judgements[place]) }
        return judgements
    }

    private func judgeLabels(of contestant: Contestant, into judgement: inout Judgement) {
        let hasCategories = Set(labelled.map { notes[$0].category }.filter { !$0.isEmpty }).count > 1
        for number in labelled {
            let note = notes[number]
            let profile = contestant.tagger.profile(pooled: contestant.states[number], text: note.text)
            let truth = Set(note.hashtags.map { Array($0.utf8) })
            if !truth.isEmpty {
                let found = truth.intersection(profile.hashtags.prefix(5).map { Array($0.tag.utf8) })
                judgement.tagRecalls.append(Double(found.count) / Double(truth.count))
            }
            if hasCategories, !note.category.isEmpty {
                judgement.categoryHits.append(profile.category.map { Array($0.utf8) } == Array(note.category.utf8))
            }
        }
    }

    /// The places of each source's pairs, in the order of the sources.
    private var bySource: [(source: Int, places: [Int])] {
        Dictionary(grouping: pairs.indices) { pairs[$0].source }
            .map { (source: $0.key, places: $0.value) }.sorted { $0.source < $1.source }
    }

    /// At most `limit` of the elements, evenly spread.
    private static func spread<Element>(_ elements: [Element], _ limit: Int) -> [Element] {
        guard elements.count > limit else { return elements }
        return (0..<limit).map { elements[$0 * elements.count / limit] }
    }
}
