import StateStore

/// What one call ran.
public struct TimerSlice: Sendable, Equatable {
    /// Timers run: they count toward the position (offset, timers run before that record).
    public let run: Int
    /// Whether none is left that is due.
    public let isFinished: Bool
}

extension ClickWindows {
    private struct Timer {
        let due: Int64
        let user: [UInt8]
    }

    /// Runs timers due at or before `time`, the time of the event about to be applied, in (due, user) order: users
    /// whose oldest bucket leaves the window, and users idle long enough to be settled. Both are judged at `time`;
    /// stream time itself only moves when the event is applied. Call until `isFinished`.
    ///
    /// - Parameter limit: timers run, and stale timers put in their right place, at most; the latter do not count as
    ///   run, so `run < limit` does not mean that none is left.
    public func runTimers(
        due time: Int64, limit: Int, in batch: Batch, into deltas: inout WindowDeltas
    ) throws(StoreError) -> TimerSlice {
        guard var clock = try clock(in: batch), let streamTime = clock.streamTime, time > streamTime,
            clock.noTimerBefore <= time
        else { return TimerSlice(run: 0, isFinished: true) }
        deltas.streamTime = streamTime
        // Reading on from the last timer, instead of from the first, passes over what was deleted before it.
        var from = KeyBuilder().uint32(UInt32(bitPattern: partition)).int64(clock.noTimerBefore).bytes
        var run = 0
        var left = limit
        while left > 0 {
            let wanted = min(left, 64)
            var (timers, next) = try timers(from: from, upTo: time, limit: wanted, in: batch)
            var isLast = timers.count < wanted
            for timer in timers {
                left -= 1
                from = timerKey(timer.due, timer.user) + [0]
                clock.noTimerBefore = timer.due
                let (ran, due) = try fire(timer, at: time, &clock, in: batch, into: &deltas)
                if ran { run += 1 }
                if due <= time {
                    // The timer may now belong among those just read: read again.
                    isLast = false
                    break
                }
                next = min(next, due)
            }
            if isLast {
                clock.noTimerBefore = next
                try store(clock, in: batch)
                return TimerSlice(run: run, isFinished: true)
            }
        }
        try store(clock, in: batch)
        return TimerSlice(run: run, isFinished: false)
    }

    /// The first timers from a key on that are due, and when the one after them is (`Int64.max`: never); the latter
    /// only where all due ones were read.
    private func timers(
        from: [UInt8], upTo time: Int64, limit: Int, in batch: Batch
    ) throws(StoreError) -> (due: [Timer], next: Int64) {
        var due: [Timer] = []
        var next = Int64.max
        let prefix = KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes
        try batch.scan(Self.timers, prefix: prefix, from: from, reverse: false) { key, _ throws(StoreError) in
            var reader = KeyReader(key)
            _ = try reader.uint32()
            let timer = Timer(due: try reader.int64(), user: try reader.id())
            guard timer.due <= time else {
                next = timer.due
                return false
            }
            due.append(timer)
            return due.count < limit
        }
        return (due, next)
    }

    /// Wakes a timer's user; or, when the row is due later than its timer, only moves the timer. Answers which, and when
    /// the user's next timer is (`Int64.max`: never).
    private func fire(
        _ timer: Timer, at time: Int64, _ clock: inout Clock, in batch: Batch, into deltas: inout WindowDeltas
    ) throws(StoreError) -> (ran: Bool, next: Int64) {
        guard var row = try row(of: timer.user, in: batch), row.timer == timer.due else {
            throw StoreError(
                .corrupted,
                "user \(String(decoding: timer.user, as: UTF8.self)) has a timer at \(timer.due) that no row knows;"
                    + " delete the store and start again")
        }
        try batch.delete(Self.timers, timerKey(timer.due, timer.user))
        row.timer = nil
        let isDue = row.due(settings) <= timer.due
        if isDue { row.wake(at: time, settings, into: &deltas) }
        try store(row, of: timer.user, &clock, in: batch)
        return (isDue, row.due(settings))
    }
}
