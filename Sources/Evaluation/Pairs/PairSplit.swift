import CoOccurrence
import NoteLLM

/// A log cut at one moment: pairs of notes that the same people touched one after the other before it, to learn from, and
/// those of later clicks, to find.
package struct PairSplit {
    /// Where it is cut, in milliseconds since 1970 UTC.
    package let start: Int64
    /// How many notes, oldest first, were there before the cut.
    package let known: Int
    /// Pairs of clicks before the cut, of notes that were there, by their numbers; all count alike, as in the paper.
    package let training: [TrainingPair]
    /// Pairs of clicks from the cut on.
    package let later: [RetrievalQuery]

    private let log: EngagementLog
    private let numbers: [[UInt8]: Int]
    private let events: [ClickEvent]

    /// A log cut where its last part of the notes begins, the part that hashtags are judged on.
    package init(_ log: EngagementLog) {
        let first = TagJudge.trainingCount(log)
        self.init(log, at: first < log.notes.count ? log.notes[first].created : .max)
    }

    /// A log cut at a moment.
    package init(_ log: EngagementLog, at start: Int64) {
        let numbers = Dictionary(uniqueKeysWithValues: log.notes.enumerated().map { ($1.id, $0) })
        let events = log.clicks.map { ClickEvent.click(user: $0.user, note: $0.note, time: $0.time) }
        self.log = log
        self.start = start
        self.numbers = numbers
        self.events = events
        let known = log.notesCreated(before: start)
        self.known = known
        training = Self.pairs(events, .min..<start, numbers, TrainingPairs.Settings())
            .filter { $0.source < known && $0.target < known }
            .map { TrainingPair(source: $0.source, target: $0.target) }
        later = Self.pairs(events, start..<(.max), numbers, TrainingPairs.Settings())
            .map { RetrievalQuery(note: $0.source, target: $0.target) }
    }

    private static func pairs(
        _ events: [ClickEvent], _ range: Range<Int64>, _ numbers: [[UInt8]: Int], _ settings: TrainingPairs.Settings
    ) -> [TrainingPair] {
        TrainingPairs(of: events, during: range, settings: settings) { numbers[$0] != nil }.numbered(numbers)
    }

    /// Clicks of each note before the cut.
    package func popularity() -> [Float] {
        var counts = [Float](repeating: 0, count: log.notes.count)
        for click in log.clicks where click.time < start {
            if let note = numbers[click.note] { counts[note] += 1 }
        }
        return counts
    }

    /// s(A→B) of all clicks before the cut, without bounds: by A, each B that has any.
    package func cooccurrence() -> [Int: [(note: Int, score: Float)]] {
        let all = TrainingPairs.Settings(lowest: 0, highest: .infinity, perNote: .max)
        let pairs = Self.pairs(events, .min..<start, numbers, all)
        return Dictionary(grouping: pairs, by: \.source).mapValues { $0.map { ($0.target, $0.weight) } }
    }
}

extension TrainingPairs {
    /// The pairs by the numbers of their notes; those that name a note without one are left out.
    package func numbered(_ numbers: [[UInt8]: Int]) -> [TrainingPair] {
        pairs.compactMap { pair in
            guard let source = numbers[pair.source], let target = numbers[pair.target] else { return nil }
            return TrainingPair(source: source, target: target, weight: Float(pair.score))
        }
    }
}
