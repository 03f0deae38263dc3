import CoOccurrence
import StateStore
import Support

/// What a run sent, summed.
struct Sums: Equatable {
    var pairs: [BatchFormula.Pair: PairSum] = [:]
    var clicks: [BatchFormula.NoteHour: Int64] = [:]

    mutating func add(_ deltas: WindowDeltas) {
        deltas.forEachPairs { source, bucket, targets in
            for (note, delta) in targets {
                let pair = BatchFormula.Pair(source: source, target: note, bucket: bucket)
                let sum = pairs[pair, default: .zero] + delta
                pairs[pair] = sum == .zero ? nil : sum
            }
        }
        deltas.forEachActivity { note, hour, delta in
            let place = BatchFormula.NoteHour(note: note, hour: hour)
            let sum = clicks[place, default: 0] + delta
            clicks[place] = sum == 0 ? nil : sum
        }
    }

    /// What readers hold at `time`: live buckets only.
    func live(at time: Int64, _ settings: WindowSettings) -> Sums {
        let hours = settings.bucketMilliseconds / 3_600_000
        return Sums(
            pairs: pairs.filter { settings.isLive(bucket: $0.key.bucket, at: time) },
            clicks: clicks.filter {
                settings.isLive(bucket: floorDivide($0.key.hour, hours), at: time)
            })
    }

    static func formula(_ log: [ClickEvent], _ settings: WindowSettings) -> Sums {
        Sums(pairs: BatchFormula.pairs(of: log, settings), clicks: BatchFormula.activity(of: log, settings))
    }
}

func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}

/// A store that can be closed and opened again under its users.
final class Disk {
    static let families = ClickWindows.families + PairRows.families + ActivityTable.families
    let folder: TemporaryFolder
    private(set) var store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store(path: folder.path, families: Self.families)
    }

    func reopen() throws {
        store.close()
        store = try Store(path: folder.path, families: Self.families)
    }
}

/// The recommend stage in small: pair rows in some partitions, one activity table.
struct Reader {
    let pairs: [PairRows]
    let activity: ActivityTable
    let settings: WindowSettings

    init(firstPartition: Int32, partitions: Int32, _ settings: WindowSettings) {
        pairs = (0..<partitions).map { PairRows(partition: firstPartition + $0, settings: settings) }
        activity = ActivityTable(settings: settings)
        self.settings = settings
    }

    func partition(of source: [UInt8]) -> PairRows {
        pairs[source.reduce(0) { ($0 * 31 + Int($1)) % 1_000_003 } % pairs.count]
    }

    func apply(_ deltas: WindowDeltas, in batch: Batch) throws {
        guard let time = deltas.streamTime else { return }
        try deltas.forEachPairs { source, bucket, targets in
            let rows = partition(of: source)
            _ = try rows.advance(to: time, in: batch)
            _ = try rows.apply(source: source, bucket: bucket, targets: targets, in: batch)
        }
        try deltas.forEachActivity { note, hour, delta in
            _ = try activity.apply(note: note, hour: hour, delta: delta, at: time, in: batch)
        }
        if deltas.crossedBucket {
            for rows in pairs { _ = try rows.advance(to: time, in: batch) }
            _ = try activity.dropExpired(at: time, in: batch)
        }
    }

    func sums(in reader: some StateReader) throws -> Sums {
        var sums = Sums()
        for rows in pairs {
            try rows.forEach(in: reader) { source, bucket, target, sum in
                sums.pairs[BatchFormula.Pair(source: source, target: target, bucket: bucket)] = sum
            }
        }
        try activity.forEach(in: reader) { note, hour, clicks in
            sums.clicks[BatchFormula.NoteHour(note: note, hour: hour)] = clicks
        }
        return sums
    }
}

/// A user's row without the user, for comparing; clicks in order of arrival, which is state too.
struct Row: Equatable {
    var lastActive: Int64
    var clicks: [UserWindowRow.Click]
}

func rows(of windows: ClickWindows, in reader: some StateReader) throws -> [[UInt8]: Row] {
    var rows: [[UInt8]: Row] = [:]
    try windows.forEachUser(in: reader) { row in
        rows[row.user] = Row(lastActive: row.lastActive, clicks: row.clicks)
    }
    return rows
}

/// How a run cuts its log into batches and timer slices, and what it suffers. Chances are one in so many; 0: never.
struct Disturbance {
    var slices = 1_000...1_000
    var commit = 1
    var discard = 0
    var reopen = 0
    var lose = 0
}

/// One clicks partition driven as the session stage drives it.
struct SessionRun {
    let disk: Disk
    let windows: ClickWindows
    let log: [ClickEvent]
    var disturbance: Disturbance
    var random: SeededGenerator
    var sums = Sums()
    private(set) var offset = 0
    private(set) var timers = 0
    private(set) var timersRun = 0

    init(
        _ log: [ClickEvent], partition: Int32, _ settings: WindowSettings, on disk: Disk,
        _ disturbance: Disturbance = Disturbance(), seed: UInt64 = 0
    ) {
        self.log = log
        self.disk = disk
        self.disturbance = disturbance
        windows = ClickWindows(partition: partition, settings: settings)
        random = SeededGenerator(seed: seed)
    }

    /// Applies the log up to an offset; every committed batch's deltas are summed and handed to `send`.
    mutating func run(to end: Int, send: (WindowDeltas) throws -> Void = { _ in }) throws {
        var batch = disk.store.makeBatch()
        var deltas = WindowDeltas()
        var (at, done) = (offset, timers)
        while at < end {
            if let time = log[at].time {
                while true {
                    let limit = Int.random(in: disturbance.slices, using: &random)
                    let slice = try windows.runTimers(due: time, limit: limit, in: batch, into: &deltas)
                    done += slice.run
                    timersRun += slice.run
                    if slice.isFinished { break }
                    if chance(disturbance.commit) { try commit(&batch, &deltas, at, done, send) }
                }
            }
            _ = try windows.apply(log[at], in: batch, into: &deltas)
            (at, done) = (at + 1, 0)
            if chance(disturbance.commit) {
                try commit(&batch, &deltas, at, done, send)
            } else if chance(disturbance.discard) {
                batch.discard()
                deltas.removeAll()
                if chance(disturbance.reopen) {
                    try disk.reopen()
                    batch = disk.store.makeBatch()
                }
                if chance(disturbance.lose) { try replay(in: batch) }
                (at, done) = (offset, timers)
            }
        }
        try commit(&batch, &deltas, at, done, send)
    }

    private mutating func commit(
        _ batch: inout Batch, _ deltas: inout WindowDeltas, _ at: Int, _ done: Int,
        _ send: (WindowDeltas) throws -> Void
    ) throws {
        try send(deltas)
        sums.add(deltas)
        deltas.removeAll()
        try batch.commit()
        (offset, timers) = (at, done)
    }

    /// Loses the state and computes it again up to the committed position, silently.
    private mutating func replay(in batch: Batch) throws {
        var silent = WindowDeltas()
        try windows.wipe(in: batch)
        for (at, event) in log.prefix(offset + 1).enumerated() {
            let wanted = at < offset ? Int.max : timers
            var done = 0
            while let time = event.time, done < wanted {
                let limit = min(Int.random(in: disturbance.slices, using: &random), wanted - done)
                let slice = try windows.runTimers(due: time, limit: limit, in: batch, into: &silent)
                done += slice.run
                if slice.isFinished { break }
            }
            if at < offset { _ = try windows.apply(event, in: batch, into: &silent) }
        }
        try batch.commit()
    }

    private mutating func chance(_ oneIn: Int) -> Bool { oneIn > 0 && Int.random(in: 0..<oneIn, using: &random) == 0 }
}
