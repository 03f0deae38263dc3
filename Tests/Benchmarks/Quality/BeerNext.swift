import CoOccurrence
import Evaluation
import Foundation
import NoteLLM

extension BeerQuality {
    /// Quiet sites' clicks: seven days hold little.
    private static let windowDays: Int64 = 30

    /// What is touched next in the second half of the log, by weights fitted on the first alone, beside what is left of it
    /// without one part and beside the floors; and the note's own list, judged on the same clicks.
    func next() throws -> Table {
        let count = log.notesCreated(before: log.clicks[log.half].time)
        let version = try version(from: max(Bootstrap.minimumNotes, count))
        let settings = PrequentialSettings(
            window: try WindowSettings(windowBuckets: Self.windowDays), followsEmittedLists: false)
        let result = try Prequential(log, embeddings: states.map(version.embedding), settings: settings).run {
            progress("beer: walking the log", $0, $1)
        }
        return result.tallies.sorted { $0.value.mrr > $1.value.mrr }.map { name, tally in
            (name, [("hit10", tally.hit10), ("hit100", tally.hit100), ("mrr", tally.mrr)])
        }
    }
}
