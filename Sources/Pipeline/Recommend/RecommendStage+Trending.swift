import CoOccurrence
import EventLog
import Ranking
import Schemas

/// What is new and what is busy, per category: kept from the global tables, sent by the instance that owns the
/// category's partition.
struct TrendingBoard {
    /// The category that stands for all of them.
    static let everything = Array("*".utf8)

    private var entries: [UInt32: TrendingEntry] = [:]
    /// Categories whose record may have changed since it was sent.
    private(set) var changed: Set<[UInt8]> = []

    mutating func insert(note label: UInt32, _ note: NoteTable.Note, activity: NoteActivity) {
        mark(label)
        entries[label] = TrendingEntry(
            note: note.id, category: Array(note.category.utf8), state: NoteState(created: note.created, activity))
        mark(label)
    }

    mutating func update(note label: UInt32, activity: NoteActivity) {
        guard let entry = entries[label] else { return }
        entries[label]?.state = NoteState(created: entry.state.created, activity)
        mark(label)
    }

    mutating func remove(note label: UInt32) {
        mark(label)
        entries[label] = nil
    }

    private mutating func mark(_ label: UInt32) {
        guard let entry = entries[label] else { return }
        changed.insert(entry.category)
        changed.insert(Self.everything)
    }

    /// All records are due, as after an assignment.
    mutating func markAll() { for label in entries.keys { mark(label) } }

    mutating func clearChanged(_ category: [UInt8]) { changed.remove(category) }

    func select(_ category: [UInt8], size: Int) -> [TrendingEntry] {
        TrendingSelection.select(entries.values, category: category == Self.everything ? nil : category, size: size)
    }
}

extension RecommendStage {
    /// Sends the trending records that changed, of the categories this instance owns.
    func sendTrending(_ batch: StageBatch) throws {
        for category in trending.changed.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            defer { trending.clearChanged(category) }
            guard batch.livePartitions.contains(partition(of: category)) else { continue }
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
    init(created: Int64, _ activity: NoteActivity) {
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
