import Ranking
import StateStore

/// Everything the rankings may know when one test asks, for every note created before that moment, by number.
struct Situation {
    let test: EngagementTest
    /// The related ranking's features.
    let pairs: [RelatedFeatures]
    /// The features of `next`, by the function that serves.
    let next: [NextFeatures]

    /// How many notes there are; the candidates are all of them but the note looked at.
    var count: Int { pairs.count }
}

/// The state of all stages, advanced line by line.
final class EvaluationState {
    private let log: EngagementLog
    let content: ContentFeatures
    private let replay: ClickReplay
    private let numbers: [[UInt8]: Int]
    private let trendingSize: Int

    init(_ log: EngagementLog, embeddings: [[Float]], settings: PrequentialSettings) throws(StoreError) {
        self.log = log
        content = try ContentFeatures(log, embeddings: embeddings)
        replay = try ClickReplay(settings: settings.window)
        numbers = Dictionary(uniqueKeysWithValues: log.notes.enumerated().map { ($1.id, $0) })
        trendingSize = settings.trendingSize
    }

    /// Runs what is due by `time`, before a line of that time is asked about and applied.
    func advance(to time: Int64) throws(StoreError) { try replay.advance(to: time) }

    /// Takes one line.
    func apply(line: Int) throws(StoreError) { try replay.apply(log.clicks[line]) }

    /// The notes whose co-occurrence has changed since the last call.
    func takeChangedRows() -> [Int] { replay.takeChangedRows().compactMap { numbers[$0] }.sorted() }

    /// The related features of some notes, which must be indexed, with `note`.
    func pairs(of note: Int, with others: [Int]) throws(StoreError) -> [RelatedFeatures] {
        let row = try replay.row(of: log.notes[note].id)
        let clicked = Dictionary(row.map { ($0.note, $0.sum.score) }, uniquingKeysWith: { first, _ in first })
        return zip(others, content.pairs(of: note, with: others)).map { other, text in
            var pair = text
            pair.cooccurrence = RelatedFeatures.shrink(clicked[log.notes[other].id] ?? 0)
            return pair
        }
    }

    /// The related features of all notes created before `time` with `note`.
    func pairs(of note: Int, at time: Int64) throws(StoreError) -> [RelatedFeatures] {
        let count = log.notesCreated(before: time)
        try content.index(upTo: max(count, note + 1))
        var pairs = content.pairs(of: note, count: count)
        for entry in try replay.row(of: log.notes[note].id) {
            guard let other = numbers[entry.note], other < count else { continue }
            pairs[other].cooccurrence = RelatedFeatures.shrink(entry.sum.score)
        }
        return pairs
    }

    /// The situation in which a test asks.
    func situation(of test: EngagementTest) throws(StoreError) -> Situation {
        let pairs = try pairs(of: test.note, at: test.time)
        var states = log.notes.prefix(pairs.count).map { NoteState(created: $0.created) }
        try replay.forEachActive { id, lastActive, clicks, recent in
            guard let number = numbers[id], number < states.count else { return }
            states[number].lastActive = lastActive
            states[number].clicks = clicks
            states[number].recentClicks = recent
        }
        let entries = states.enumerated().lazy.map { TrendingEntry(note: self.log.notes[$0].id, state: $1) }
        let context = NextContext(
            trending: TrendingSelection.select(entries, size: trendingSize), excluding: log.notes[test.note].id,
            now: test.time)
        let next = zip(pairs, states).map { NextFeatures($0, $1, context) }
        return Situation(test: test, pairs: pairs, next: next)
    }
}
