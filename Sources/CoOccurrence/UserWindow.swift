/// One user's live clicks: the row of DESIGN's "Meaning of the numbers", without store or clock.
///
/// Each note stands once, at its latest click. Clicks are kept in order of arrival, which decides whose weight a pair
/// carries: that of the click that arrived later, since it sent the pair. The weight of a click is `one / sharers`,
/// `sharers` being how many notes the row held when its pairs were last sent or corrected.
struct UserWindow {
    struct Click: Equatable {
        var time: Int64
        /// The bucket of `time`.
        var bucket: Int64
        /// Never 0.
        var sharers: Int
        /// Where the note's id lies in `notes`.
        var start: Int
        var count: Int
        /// The note's number in the deltas being collected; valid after `number(in:)`.
        var number: UInt32 = 0

        var weight: Int64 { PairScore.one / Int64(sharers) }
    }

    /// In order of arrival.
    var clicks: [Click] = []
    /// The ids' bytes, one after another; removed clicks leave theirs until the row is written.
    var notes: [UInt8] = []
    /// Stream time of the last click counted.
    var lastActive: Int64 = 0
    /// When the row's stored timer fires: at ``due(_:)`` or earlier; nil when there is none.
    var timer: Int64?

    var isEmpty: Bool { clicks.isEmpty }

    // MARK: Events

    /// Counts a click at stream time `now`; the click must be live and the row's due timers run.
    mutating func click(
        _ note: [UInt8], at time: Int64, now: Int64, _ settings: WindowSettings, into deltas: inout WindowDeltas
    ) -> ClickOutcome {
        let before = clicks.count
        let present = index(of: note)
        if let present {
            if clicks[present].time >= time { return .repeated }
            number(in: &deltas)
            remove(present, into: &deltas)
        } else {
            if clicks.count >= settings.cap, let oldest = oldest() {
                if precedes(note, time, clicks[oldest]) { return .overCap }
                number(in: &deltas)
                remove(oldest, into: &deltas)
            } else {
                number(in: &deltas)
            }
        }
        append(note, at: time, settings, into: &deltas)
        lastActive = now
        if clicks.count > before, Ladder.isStep(clicks.count) { settle(into: &deltas) }
        return .counted
    }

    /// What a due timer does at stream time `now`: drops clicks whose bucket has left, without deltas, since the
    /// reader drops those buckets itself; corrects the rest when any left, or when the user has been idle.
    mutating func wake(at now: Int64, _ settings: WindowSettings, into deltas: inout WindowDeltas) {
        let before = clicks.count
        clicks.removeAll { !settings.isLive(bucket: $0.bucket, at: now) }
        guard clicks.count < before || idleFrom(settings) <= now else { return }
        number(in: &deltas)
        settle(into: &deltas)
    }

    /// Takes back everything the row sent.
    mutating func forget(into deltas: inout WindowDeltas) {
        number(in: &deltas)
        while !clicks.isEmpty { remove(clicks.count - 1, into: &deltas) }
    }

    /// When the row must be woken: its oldest bucket leaves, or it has been idle and is not settled.
    /// A function of the row alone, so that a replay wakes it at the same points.
    func due(_ settings: WindowSettings) -> Int64 {
        guard var oldest = clicks.first?.bucket else { return .max }
        var isSettled = true
        for click in clicks {
            oldest = min(oldest, click.bucket)
            if click.sharers != clicks.count { isSettled = false }
        }
        let expiry = settings.expiry(ofBucket: oldest)
        return isSettled ? expiry : min(expiry, idleFrom(settings))
    }

    /// From when on the user counts as idle.
    private func idleFrom(_ settings: WindowSettings) -> Int64 {
        let (time, overflow) = lastActive.addingReportingOverflow(settings.idleMilliseconds)
        return overflow ? .max : time
    }

    // MARK: Steps

    private mutating func append(
        _ note: [UInt8], at time: Int64, _ settings: WindowSettings, into deltas: inout WindowDeltas
    ) {
        let number = note.withUnsafeBytes { deltas.number(of: $0) }
        let click = Click(
            time: time, bucket: settings.bucket(of: time), sharers: clicks.count + 1, start: notes.count,
            count: note.count, number: number)
        notes += note
        clicks.append(click)
        let weight = click.weight
        for other in clicks.indices.dropLast() { send(other, clicks.count - 1, weight, users: 1, into: &deltas) }
        deltas.addClick(number, hour: time.dividedDown(by: WindowSettings.hourMilliseconds), 1)
    }

    private mutating func remove(_ index: Int, into deltas: inout WindowDeltas) {
        let click = clicks[index]
        for other in clicks.indices where other != index {
            send(other, index, -clicks[max(other, index)].weight, users: -1, into: &deltas)
        }
        clicks.remove(at: index)
        deltas.addClick(click.number, hour: click.time.dividedDown(by: WindowSettings.hourMilliseconds), -1)
    }

    /// Corrects every pair to `one / N`.
    private mutating func settle(into deltas: inout WindowDeltas) {
        let weight = clicks.isEmpty ? 0 : PairScore.one / Int64(clicks.count)
        for later in clicks.indices where clicks[later].sharers != clicks.count {
            let correction = weight - clicks[later].weight
            for earlier in 0..<later { send(earlier, later, correction, users: 0, into: &deltas) }
            clicks[later].sharers = clicks.count
        }
    }

    /// Sends a delta for the pair of two clicks: from the earlier to the later by (time, note id), in the bucket of
    /// the earlier.
    @inline(__always)
    private func send(
        _ left: Int, _ right: Int, _ score: Int64, users: Int32, into deltas: inout WindowDeltas
    ) {
        let (first, second) = precedes(left, right) ? (left, right) : (right, left)
        deltas.addPair(
            clicks[first].number, clicks[second].number, bucket: clicks[first].bucket, score, users: users)
    }

    // MARK: Ids

    private func index(of note: [UInt8]) -> Int? {
        note.withUnsafeBytes { note in
            notes.withUnsafeBytes { notes in
                clicks.firstIndex { click in
                    click.count == note.count && NoteOrder.areEqual(click.id(in: notes), note)
                }
            }
        }
    }

    private mutating func number(in deltas: inout WindowDeltas) {
        for index in clicks.indices {
            clicks[index].number = notes.withUnsafeBytes { deltas.number(of: clicks[index].id(in: $0)) }
        }
    }

    /// The click a full row gives up first: the smallest (time, note id).
    private func oldest() -> Int? { clicks.indices.min { precedes($0, $1) } }

    /// Earlier means smaller (time, note id).
    @inline(__always)
    private func precedes(_ left: Int, _ right: Int) -> Bool {
        if clicks[left].time != clicks[right].time { return clicks[left].time < clicks[right].time }
        return notes.withUnsafeBytes { NoteOrder.compare(clicks[left].id(in: $0), clicks[right].id(in: $0)) < 0 }
    }

    private func precedes(_ note: [UInt8], _ time: Int64, _ click: Click) -> Bool {
        if time != click.time { return time < click.time }
        return note.withUnsafeBytes { note in notes.withUnsafeBytes { NoteOrder.compare(note, click.id(in: $0)) < 0 } }
    }
}

extension UserWindow.Click {
    /// The note's id, in the row's bytes.
    @inline(__always)
    func id(in notes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: notes[start..<start + count])
    }
}

/// Where a growing row is settled: 1, 2, 3, 4, 6, 8, 12, 16, 24, … A new click's pairs carry the weight of the present
/// count, so between two steps a pair's weight is off by less than a factor of 3/2.
enum Ladder {
    static func isStep(_ count: Int) -> Bool {
        let odd = count >> count.trailingZeroBitCount
        return count > 0 && (odd == 1 || odd == 3)
    }
}
