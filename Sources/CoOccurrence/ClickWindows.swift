import StateStore

/// The session stage's state of one clicks partition: each user's row, one timer at most for each, stream time.
///
/// All of it is a function of the partition's log: batches and timer slices may end anywhere. For every event the
/// caller first runs the timers its time makes due (``runTimers(due:limit:in:into:)``), then applies it.
public struct ClickWindows: Sendable {
    static let rows = ColumnFamily("windows")
    /// Key: partition, due time, user. The row knows its timer's time.
    static let timers = ColumnFamily("window-timers")
    /// Key: partition. Value: stream time, and a time before which no timer stands.
    static let clocks = ColumnFamily("window-clocks")

    /// The column families to open the store with.
    public static let families = [rows, timers, clocks]

    /// The clicks partition.
    public let partition: Int32
    let settings: WindowSettings
    private let prefix: [UInt8]

    /// The state of `partition` in whatever store or batch is passed in.
    public init(partition: Int32, settings: WindowSettings) {
        self.partition = partition
        self.settings = settings
        prefix = KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes
    }

    /// The highest event time applied; nil before the first.
    public func streamTime(in reader: some StateReader) throws(StoreError) -> Int64? {
        try clock(in: reader)?.streamTime
    }

    /// Applies one event; its due timers must have been run. Stream time moves to its time, never back.
    ///
    /// - Throws: `.invalidArgument` when timers are due before it.
    public func apply(
        _ event: ClickEvent, in batch: Batch, into deltas: inout WindowDeltas
    ) throws(StoreError) -> ClickOutcome {
        var clock = try clock(in: batch) ?? Clock()
        if let time = event.time { try advance(&clock, to: time, in: batch, into: &deltas) }
        deltas.streamTime = clock.streamTime
        switch event {
        case .tick: return .ticked
        case .forget(let user):
            guard var row = try row(of: user, in: batch) else { return .forgotten }
            row.forget(into: &deltas)
            try store(row, of: user, &clock, in: batch)
            return .forgotten
        case .click(let user, let note, let time):
            let now = clock.streamTime ?? time
            guard settings.isLive(bucket: settings.bucket(of: time), at: now) else { return .late }
            var row = try row(of: user, in: batch) ?? UserWindow()
            let outcome = row.click(note, at: time, now: now, settings, into: &deltas)
            if outcome == .counted { try store(row, of: user, &clock, in: batch) }
            return outcome
        }
    }

    /// Removes the partition's state.
    public func wipe(in batch: Batch) throws(StoreError) {
        for family in Self.families { try batch.wipe(family, prefix: prefix) }
    }

    // MARK: Clock

    struct Clock {
        var streamTime: Int64?
        var noTimerBefore = Int64.max
    }

    func clock(in reader: some StateReader) throws(StoreError) -> Clock? {
        try reader.withValue(Self.clocks, prefix) { value throws(StoreError) in
            guard let value else { return nil }
            guard value.count == 16 else {
                throw StoreError(
                    .corrupted,
                    "the clock of clicks partition \(partition) is damaged; delete the store and start again")
            }
            return Clock(
                streamTime: Int64(littleEndian: value.loadUnaligned(fromByteOffset: 0, as: Int64.self)),
                noTimerBefore: Int64(littleEndian: value.loadUnaligned(fromByteOffset: 8, as: Int64.self)))
        }
    }

    /// Does nothing before the first event that has a time: there are no timers then either.
    func store(_ clock: Clock, in batch: Batch) throws(StoreError) {
        guard let streamTime = clock.streamTime else { return }
        let value = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw.storeBytes(of: streamTime.littleEndian, toByteOffset: 0, as: Int64.self)
            raw.storeBytes(of: clock.noTimerBefore.littleEndian, toByteOffset: 8, as: Int64.self)
            count = 16
        }
        try batch.put(Self.clocks, prefix, value)
    }

    private func advance(
        _ clock: inout Clock, to time: Int64, in batch: Batch, into deltas: inout WindowDeltas
    ) throws(StoreError) {
        if let before = clock.streamTime {
            if time <= before { return }
            guard clock.noTimerBefore > time else {
                throw StoreError(
                    .invalidArgument,
                    "timers of clicks partition \(partition) are due before the event at \(time); run them first")
            }
            if settings.bucket(of: before) != settings.bucket(of: time) { deltas.crossedBucket = true }
        } else {
            deltas.crossedBucket = true
        }
        clock.streamTime = time
        try store(clock, in: batch)
    }

    // MARK: Rows

    func rowKey(_ user: [UInt8]) -> [UInt8] {
        KeyBuilder(capacity: user.count + 8).uint32(UInt32(bitPattern: partition)).id(user).bytes
    }

    func timerKey(_ due: Int64, _ user: [UInt8]) -> [UInt8] {
        KeyBuilder(capacity: user.count + 16).uint32(UInt32(bitPattern: partition)).int64(due).id(user).bytes
    }

    func row(of user: [UInt8], in reader: some StateReader) throws(StoreError) -> UserWindow? {
        try reader.withValue(Self.rows, rowKey(user)) { value throws(StoreError) in
            guard let value else { return nil }
            return try UserWindow(value, settings)
        }
    }

    /// Writes a changed row, and its timer where that must come earlier. A timer that could come later stays: it is
    /// moved when it comes up, so that a busy user costs no timer write a click.
    func store(
        _ changed: UserWindow, of user: [UInt8], _ clock: inout Clock, in batch: Batch
    ) throws(StoreError) {
        var row = changed
        let due = row.due(settings)
        if let timer = row.timer, row.isEmpty || due < timer {
            try batch.delete(Self.timers, timerKey(timer, user))
            row.timer = nil
        }
        if row.isEmpty { return try batch.delete(Self.rows, rowKey(user)) }
        if row.timer == nil {
            try batch.put(Self.timers, timerKey(due, user), [])
            row.timer = due
        }
        if due < clock.noTimerBefore {
            clock.noTimerBefore = due
            try store(clock, in: batch)
        }
        try batch.put(Self.rows, rowKey(user), row.encoded)
    }
}
