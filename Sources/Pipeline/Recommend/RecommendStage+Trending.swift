import CoOccurrence
import EventLog
import Ranking
import Schemas

/// What is new and what is busy, per category: kept from the global tables, sent by the instance that owns the
/// category's partition.
package struct TrendingBoard {
    /// The category that stands for all of them.
    package static let everything = Array("*".utf8)

    private var entries: [[UInt8]: [UInt32: TrendingEntry]] = [:]
    private var categories: [UInt32: [UInt8]] = [:]
    /// Categories whose record may have changed since it was sent.
    package private(set) var changed: Set<[UInt8]> = []
    /// The hour (since 1970 UTC) at which recent clicks were last counted for all notes.
    private var hour = Int64.min

    /// No notes.
    package init() {}

    package mutating func insert(note label: UInt32, _ note: NoteTable.Note, activity: NoteActivity) {
        remove(note: label)
        let category = Array(note.category.utf8)
        categories[label] = category
        entries[category, default: [:]][label] = TrendingEntry(
            note: note.id, category: category, state: NoteState(created: note.created, activity))
        mark(category)
    }

    package mutating func update(note label: UInt32, activity: NoteActivity) {
        guard let category = categories[label], let old = entries[category]?[label]?.state else { return }
        let new = NoteState(created: old.created, activity)
        guard new != old else { return }
        entries[category]?[label]?.state = new
        mark(category)
    }

    package mutating func remove(note label: UInt32) {
        guard let category = categories.removeValue(forKey: label) else { return }
        entries[category]?[label] = nil
        if entries[category]?.isEmpty == true { entries[category] = nil }
        mark(category)
    }

    /// Takes all notes out; the categories they were in may have changed.
    package mutating func removeAll() {
        for category in entries.keys { mark(category) }
        entries = [:]
        categories = [:]
    }

    private mutating func mark(_ category: [UInt8]) {
        changed.insert(category)
        changed.insert(Self.everything)
    }

    /// All records are due, as after an assignment.
    package mutating func markAll() { for category in entries.keys { mark(category) } }

    package mutating func clearChanged(_ category: [UInt8]) { changed.remove(category) }

    /// Recent clicks leave as time passes, without an event of their own: once an hour of event time, whatever has some is
    /// to be counted again. Nothing in the hour for which that was done.
    package mutating func labelsToCount(at time: Int64) -> [UInt32] {
        guard time / 3_600_000 != hour else { return [] }
        hour = time / 3_600_000
        return entries.values.flatMap { $0.filter { $0.value.state.recentClicks > 0 }.keys }
    }

    package func select(_ category: [UInt8], size: Int) -> [TrendingEntry] {
        guard category != Self.everything else {
            return TrendingSelection.select(entries.values.lazy.flatMap(\.values), size: size)
        }
        return TrendingSelection.select(entries[category, default: [:]].values, size: size)
    }
}

extension RecommendStage {
    /// Sends the trending records that changed, of the categories this instance owns.
    func sendTrending(_ batch: StageBatch) throws {
        for label in trending.labelsToCount(at: latestTime) {
            guard let note = notes[label] else { continue }
            trending.update(note: label, activity: try activity(of: note.id, in: batch.changes))
        }
        for category in trending.changed.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let partition = partition(of: category)
            guard batch.livePartitions.contains(partition) else {
                // While its replay runs, an owned one stays due; what others own is theirs to send.
                if !owns(partition) { trending.clearChanged(category) }
                continue
            }
            trending.clearChanged(category)
            let notes = trending.select(category, size: configuration.trendingSize)
            guard !notes.isEmpty else {
                batch.send(to: .trending, key: category, value: nil)
                continue
            }
            let record = Schemas.Trending(
                category: String(decoding: category, as: UTF8.self), version: version.id,
                time: Timestamp(milliseconds: latestTime), notes: notes.map(TrendingNote.init))
            batch.send(to: .trending, key: category, value: try record.encode(as: .json))
        }
    }
}

extension NoteState {
    /// A note's state from its age and what was clicked.
    package init(created: Int64, _ activity: NoteActivity) {
        self.init(
            created: created, lastActive: activity.lastHour.map { $0 * 3_600_000 }, clicks: activity.clicks,
            recentClicks: activity.recentClicks)
    }
}

extension TrendingNote {
    init(_ entry: TrendingEntry) {
        self.init(
            note: String(decoding: entry.note, as: UTF8.self), created: Timestamp(milliseconds: entry.state.created),
            lastActive: entry.state.lastActive.map { Timestamp(milliseconds: $0) }, clicks: entry.state.clicks,
            recentClicks: entry.state.recentClicks, category: String(decoding: entry.category, as: UTF8.self))
    }
}
