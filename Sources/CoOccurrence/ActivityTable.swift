import StateStore

/// How often a note was clicked in the window.
public struct NoteActivity: Sendable, Equatable {
    /// Clicks in the window: one for each user, at their latest click.
    public let clicks: Int64
    /// Those of the last hours asked for.
    public let recentClicks: Int64
    /// The newest hour (hours since 1970 UTC) with a click: the note's last activity. Nil when there is none.
    public let lastHour: Int64?

    /// An activity as counted elsewhere.
    public init(clicks: Int64, recentClicks: Int64, lastHour: Int64?) {
        self.clicks = clicks
        self.recentClicks = recentClicks
        self.lastHour = lastHour
    }
}

/// The recommend stage's clicks per note and hour: a global table, of all activity partitions together.
///
/// It keeps no clock: the caller holds each partition's stream time. Reading at a time leaves out the hours that have
/// left the window by then, so dropping them late changes no answer.
public struct ActivityTable: Sendable {
    /// Key: bucket, note, so that a bucket leaves as one key range. Value: clicks by hour.
    static let rows = ColumnFamily("activity", merge: .deltas)

    /// The column families to open the store with.
    public static let families = [rows]

    private let settings: WindowSettings

    /// The table in whatever store or batch is passed in.
    public init(settings: WindowSettings) { self.settings = settings }

    /// Adds clicks to a note's hour (hours since 1970 UTC).
    ///
    /// - Returns: false, and nothing is changed, when the hour has left the window at stream time `time`.
    public func apply(
        note: [UInt8], hour: Int64, delta: Int64, at time: Int64, in batch: Batch
    ) throws(StoreError) -> Bool {
        let bucket = bucket(ofHour: hour)
        guard settings.isLive(bucket: bucket, at: time) else { return false }
        var operand: [UInt8] = []
        DeltaMap.single.append(KeyBuilder(capacity: 8).int64(hour).bytes, [delta, 0], to: &operand)
        try batch.merge(Self.rows, key(bucket, note), operand)
        return true
    }

    /// Drops the buckets that have left the window at `time`.
    ///
    /// - Returns: the notes that lost clicks, each once, in byte order.
    public func dropExpired(at time: Int64, in batch: Batch) throws(StoreError) -> [[UInt8]] {
        var changed: Set<[UInt8]> = []
        while let bucket = try firstBucket(in: batch), !settings.isLive(bucket: bucket, at: time) {
            let range = KeyBuilder(capacity: 8).int64(bucket).bytes
            try batch.scan(Self.rows, prefix: range) { key, value throws(StoreError) in
                if !value.isEmpty { changed.insert(try parts(of: key).note) }
                return true
            }
            try batch.wipe(Self.rows, prefix: range)
        }
        return changed.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// A note's clicks in the window at `time`, the highest of all partitions' stream times (buckets after its own are
    /// not read); `recentHours` counts back from the hour of `time`, that one included.
    public func activity(
        of note: [UInt8], at time: Int64, recentHours: Int64 = 24, in reader: some StateReader
    ) throws(StoreError) -> NoteActivity {
        let present = settings.bucket(of: time)
        let recent = hour(of: time) - recentHours
        var clicks: Int64 = 0
        var recentClicks: Int64 = 0
        var lastHour: Int64?
        for bucket in present - settings.windowBuckets + 1...present {
            try reader.withValue(Self.rows, key(bucket, note)) { value throws(StoreError) in
                guard let value else { return }
                try forEachHour(value) { hour, count throws(StoreError) in
                    clicks += count
                    if hour > recent { recentClicks += count }
                    if count > 0 { lastHour = max(lastHour ?? hour, hour) }
                }
            }
        }
        return NoteActivity(clicks: clicks, recentClicks: recentClicks, lastHour: lastHour)
    }

    /// Visits all hours with clicks, by bucket, note and hour, those not yet dropped included.
    public func forEach(
        in reader: some StateReader,
        _ body: (_ note: [UInt8], _ hour: Int64, _ clicks: Int64) throws(StoreError) -> Void
    ) throws(StoreError) {
        try reader.scan(Self.rows) { key, value throws(StoreError) in
            let note = try parts(of: key).note
            try forEachHour(value) { hour, clicks throws(StoreError) in try body(note, hour, clicks) }
            return true
        }
    }

    /// Removes the whole table.
    public func wipe(in batch: Batch) throws(StoreError) { try batch.wipe(Self.rows, prefix: []) }

    private func bucket(ofHour hour: Int64) -> Int64 {
        hour.dividedDown(by: settings.bucketMilliseconds / WindowSettings.hourMilliseconds)
    }

    private func hour(of time: Int64) -> Int64 { time.dividedDown(by: WindowSettings.hourMilliseconds) }

    private func key(_ bucket: Int64, _ note: [UInt8]) -> [UInt8] {
        KeyBuilder(capacity: note.count + 12).int64(bucket).id(note).bytes
    }

    private func parts(of key: UnsafeRawBufferPointer) throws(StoreError) -> (bucket: Int64, note: [UInt8]) {
        var reader = KeyReader(key)
        return (try reader.int64(), try reader.id())
    }

    private func firstBucket(in batch: Batch) throws(StoreError) -> Int64? {
        var first: Int64?
        try batch.scan(Self.rows) { key, _ throws(StoreError) in
            first = try parts(of: key).bucket
            return false
        }
        return first
    }

    private func forEachHour(
        _ value: UnsafeRawBufferPointer, _ body: (_ hour: Int64, _ clicks: Int64) throws(StoreError) -> Void
    ) throws(StoreError) {
        try DeltaMap.single.forEach(value) { key, clicks throws(StoreError) in
            var reader = KeyReader(key)
            try body(try reader.int64(), clicks.x)
        }
    }
}
