/// How well hashtags are predicted for notes whose own were hidden.
public struct TagRecall: Sendable, Equatable {
    /// Notes judged: those of the last part that carry hashtags.
    public let count: Int
    /// Mean share of a note's hashtags among the five predicted.
    public let recall5: Double
    /// The same by the vote of the 15 nearest earlier notes by TF-IDF cosine.
    public let floor5: Double

    package init(count: Int, recall5: Double, floor5: Double) {
        self.count = count
        self.recall5 = recall5
        self.floor5 = floor5
    }
}

/// Judges predictions for the last part of a log, by time.
package enum TagJudge {
    /// Share of the notes, by time, that a model may learn from.
    static let trainingShare = 0.8
    private static let neighbours = 15

    /// How many notes of `log`, oldest first, are for learning.
    package static func trainingCount(_ log: EngagementLog) -> Int { Int(Double(log.notes.count) * trainingShare) }

    /// - Parameters:
    ///   - log: the notes.
    ///   - predict: five hashtags or fewer, best first, for a note by number, from title and content alone.
    package static func judge(
        _ log: EngagementLog, predict: (Int) throws(EvaluationError) -> [String]
    ) throws(EvaluationError) -> TagRecall {
        let terms = TermWeights(log.notes, fitted: trainingCount(log))
        let found = try figures(log, predict: predict)
        let floor = try figures(log) { number throws(EvaluationError) in
            vote(for: number, log, terms, training: trainingCount(log))
        }
        return TagRecall(count: found.count, recall5: found.recall5, floor5: floor.recall5)
    }

    /// How well `predict` does, as ``judge(_:predict:)`` has it, by itself.
    package static func figures(
        _ log: EngagementLog, predict: (Int) throws(EvaluationError) -> [String]
    ) throws(EvaluationError) -> TagFigures {
        var recall = 0.0
        var hits = 0.0
        var count = 0
        for number in trainingCount(log)..<log.notes.count {
            let truth = Set(log.notes[number].hashtags.map { Array($0.utf8) })
            guard !truth.isEmpty else { continue }
            count += 1
            let share = share(of: truth, in: try predict(number))
            recall += share
            hits += share > 0 ? 1 : 0
        }
        let total = Double(max(1, count))
        return TagFigures(count: count, recall5: recall / total, hit5: hits / total)
    }

    /// The hashtags that most of the notes for learning carry, the commonest first.
    package static func commonest(_ log: EngagementLog) -> [String] {
        var counts: [String: Double] = [:]
        for note in log.notes.prefix(trainingCount(log)) {
            for tag in Set(note.hashtags) { counts[tag, default: 0] += 1 }
        }
        return best(counts)
    }

    private static func share(of truth: Set<[UInt8]>, in predicted: [String]) -> Double {
        Double(truth.intersection(predicted.prefix(5).map { Array($0.utf8) }).count) / Double(truth.count)
    }

    /// Hashtags of the nearest earlier notes, each neighbour voting with its cosine.
    package static func vote(for number: Int, _ log: EngagementLog, _ terms: TermWeights, training: Int) -> [String] {
        let similarities = terms.similarities(of: number, count: training)
        let nearest = Ranks.best(neighbours, in: similarities, excluding: number)
        var votes: [String: Double] = [:]
        for neighbour in nearest {
            for hashtag in log.notes[neighbour].hashtags {
                votes[hashtag, default: 0] += Double(similarities[neighbour])
            }
        }
        return best(votes)
    }

    /// The five of the highest values, highest first, equal ones in the order of their bytes.
    private static func best(_ values: [String: Double]) -> [String] {
        let ordered = values.sorted {
            $0.value != $1.value ? $0.value > $1.value : Array($0.key.utf8).lexicographicallyPrecedes($1.key.utf8)
        }
        return ordered.prefix(5).map(\.key)
    }
}

/// How well one way of finding hashtags does.
package struct TagFigures: Sendable, Equatable {
    /// Notes judged: those of the last part that carry hashtags.
    package let count: Int
    /// Mean share of a note's hashtags among the five predicted.
    package let recall5: Double
    /// Share of notes with any of theirs among the five predicted.
    package let hit5: Double
}
