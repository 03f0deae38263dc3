import CoOccurrence
import Evaluation
import NoteLLM

/// What is retained of notes and clicks at one moment: all that a training sees.
public struct Snapshot: Sendable {
    /// The notes that are there, in the order of creation, then id.
    public let notes: [LoggedNote]
    /// The clicks; a user's events stand in the order of their partition.
    public let clicks: [ClickEvent]
    /// Of each topic the offset of the first record read, by partition.
    public let starts: [String: [Int64]]
    /// Of each topic the offset behind the last record read, by partition: what the version was made from.
    public let ends: [String: [Int64]]

    /// A snapshot from its parts, the notes in any order.
    public init(
        notes: [LoggedNote], clicks: [ClickEvent], starts: [String: [Int64]] = [:], ends: [String: [Int64]] = [:]
    ) {
        self.notes = notes.sorted {
            $0.created != $1.created ? $0.created < $1.created : $0.id.lexicographicallyPrecedes($1.id)
        }
        self.clicks = clicks
        self.starts = starts
        self.ends = ends
    }

    /// The clicks' times, in order.
    var clickTimes: [Int64] {
        clicks.compactMap { event in
            if case .click(_, _, let time) = event { time } else { nil }
        }.sorted()
    }

    /// The same without clicks from before the horizon.
    ///
    /// - Parameter milliseconds: how far it reaches back from the last click; 0: all the way.
    func limited(toHorizon milliseconds: Int64) -> Snapshot {
        guard milliseconds > 0, let last = clickTimes.last else { return self }
        let kept = clicks.filter { ($0.time ?? .max) > last - milliseconds }
        return Snapshot(notes: notes, clicks: kept, starts: starts, ends: ends)
    }

    /// The same with at most so many notes: the newest, since they are what lists are made of.
    func limited(toNewest count: Int) -> Snapshot {
        count >= notes.count
            ? self : Snapshot(notes: Array(notes.suffix(count)), clicks: clicks, starts: starts, ends: ends)
    }
}

extension LoggedNote {
    /// What the model reads.
    var text: NoteText { NoteText(title: title, content: content) }

    /// With its labels, as training takes it.
    var trainingNote: TrainingNote {
        TrainingNote(text: text, hashtags: hashtags, category: category, time: created)
    }
}
