import CoOccurrence
import Foundation
import Ranking
import StateStore

/// The state of the session and recommend stages at any line of a log: their own code, run over a store that is thrown
/// away at the end.
final class ClickReplay {
    private static let hour: Int64 = 3_600_000

    private let settings: WindowSettings
    private let windows: ClickWindows
    private let pairs: PairRows
    private let activity: ActivityTable
    private let store: Store
    private let batch: Batch
    private let folder: URL
    private var deltas = WindowDeltas()
    private var uncommitted = 0
    private var now = Int64.min
    /// The activity of every note that has any in the window; nil where it must be read again.
    private var active: [[UInt8]: NoteActivity?] = [:]
    /// The notes whose pair rows have changed since ``takeChangedRows()``.
    private var changedRows: Set<[UInt8]> = []

    /// An empty state with the windows' settings.
    init(settings: WindowSettings) throws(StoreError) {
        self.settings = settings
        folder = FileManager.default.temporaryDirectory.appending(path: "notestream-evaluate-\(UUID().uuidString)")
        store = try Store(
            path: folder.path, families: ClickWindows.families + PairRows.families + ActivityTable.families)
        batch = store.makeBatch()
        windows = ClickWindows(partition: 0, settings: settings)
        pairs = PairRows(partition: 0, settings: settings)
        activity = ActivityTable(settings: settings)
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs what is due by `time`, as the record with that time makes the stages do before it is applied.
    func advance(to time: Int64) throws(StoreError) {
        while try !windows.runTimers(due: time, limit: 10_000, in: batch, into: &deltas).isFinished {}
        try deliver(at: time)
    }

    /// Takes one click through both stages, after ``advance(to:)``.
    func apply(_ click: LoggedClick) throws(StoreError) {
        _ = try windows.apply(.click(user: click.user, note: click.note, time: click.time), in: batch, into: &deltas)
        try deliver(at: click.time)
        uncommitted += 1
        if uncommitted == 500 {
            try batch.commit()
            uncommitted = 0
        }
    }

    /// What the session stage would send, given to the recommend stage at once.
    private func deliver(at time: Int64) throws(StoreError) {
        if time > now {
            changedRows.formUnion(try pairs.advance(to: time, in: batch))
            if now == .min || settings.bucket(of: time) > settings.bucket(of: now) { try dropExpired(at: time) }
            now = time
        }
        try deltas.forEachPairs { source, bucket, targets throws(StoreError) in
            _ = try pairs.apply(source: source, bucket: bucket, targets: targets, in: batch)
            changedRows.insert(source)
        }
        try deltas.forEachActivity { note, hour, delta throws(StoreError) in
            _ = try activity.apply(note: note, hour: hour, delta: delta, at: now, in: batch)
            active[note] = .some(nil)
        }
        deltas.removeAll()
    }

    private func dropExpired(at time: Int64) throws(StoreError) {
        for note in try activity.dropExpired(at: time, in: batch) { active[note] = .some(nil) }
    }

    /// The notes whose co-occurrence has changed since the last call.
    func takeChangedRows() -> Set<[UInt8]> {
        defer { changedRows.removeAll(keepingCapacity: true) }
        return changedRows
    }

    /// What is known of note → others: those with a score.
    func row(of note: [UInt8]) throws(StoreError) -> [(note: [UInt8], sum: PairSum)] {
        try pairs.row(note, in: batch)
    }

    /// The activity of every note that has any, as seen now: start of the hour of the last click, clicks, recent clicks.
    func forEachActive(
        _ body: (_ note: [UInt8], _ lastActive: Int64, _ clicks: Int64, _ recent: Int64) -> Void
    ) throws(StoreError) {
        let recentFrom = now / Self.hour - NoteState.recentHours
        for note in Array(active.keys) {
            var known = active[note] ?? nil
            if known.map({ ($0.lastHour ?? .min) >= recentFrom || $0.recentClicks > 0 }) ?? true {
                known = try activity.activity(
                    of: note, at: now, recentHours: NoteState.recentHours, in: batch)
                active[note] = known
            }
            guard let found = known, let hour = found.lastHour else {
                active[note] = nil
                continue
            }
            body(note, hour * Self.hour, found.clicks, found.recentClicks)
        }
    }
}
