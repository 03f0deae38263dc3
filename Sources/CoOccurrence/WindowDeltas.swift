/// The changes of one batch: pair sums combined by source, bucket and target, and clicks by note and hour.
///
/// Sums are integers, so the order in which clicks and timers added them does not show; they are handed out in byte
/// order, without zeros.
public struct WindowDeltas: Sendable {
    /// The partition's stream time after the last event applied (that of timers alone: before their event); nil when
    /// there was neither.
    public internal(set) var streamTime: Int64?
    /// Whether stream time entered another bucket: then every cooccurrence and activity partition must be told.
    public internal(set) var crossedBucket = false
    private var notes = NoteNumbers()
    private var pairs = DeltaLog()
    private var activity = DeltaLog()

    /// No changes.
    public init() {}

    /// Whether no pair and no activity was touched. ``crossedBucket`` stands apart.
    public var isEmpty: Bool { pairs.count == 0 && activity.count == 0 }

    /// Forgets everything, stream time included.
    public mutating func removeAll(keepingCapacity: Bool = true) {
        streamTime = nil
        crossedBucket = false
        notes.removeAll(keepingCapacity: keepingCapacity)
        pairs.removeAll(keepingCapacity: keepingCapacity)
        activity.removeAll(keepingCapacity: keepingCapacity)
    }

    // MARK: Collecting

    mutating func number(of note: UnsafeRawBufferPointer) -> UInt32 { notes.number(of: note) }

    @inline(__always)
    mutating func addPair(_ source: UInt32, _ target: UInt32, bucket: Int64, _ score: Int64, users: Int32) {
        pairs.add(source, target, bucket, score, users: users)
    }

    mutating func addClick(_ note: UInt32, hour: Int64, _ delta: Int64) { activity.add(note, 0, hour, delta) }

    // MARK: Handing out

    /// Visits the pair deltas by source (byte order) and bucket; targets in byte order.
    public func forEachPairs<Failure: Error>(
        _ body: (_ source: [UInt8], _ bucket: Int64, _ targets: [(note: [UInt8], delta: PairSum)]) throws(Failure) ->
            Void
    ) throws(Failure) {
        let sums = pairs.summed(ranks: notes.ranks)
        var targets: [(note: [UInt8], delta: PairSum)] = []
        for (index, sum) in sums.enumerated() {
            targets.append((notes.ids[Int(sum.target)], PairSum(score: sum.delta, users: Int64(sum.users))))
            if index + 1 < sums.count, sums[index + 1].source == sum.source, sums[index + 1].period == sum.period {
                continue
            }
            try body(notes.ids[Int(sum.source)], sum.period, targets)
            targets.removeAll(keepingCapacity: true)
        }
    }

    /// Visits the click deltas by note (byte order) and hour (hours since 1970 UTC).
    public func forEachActivity<Failure: Error>(
        _ body: (_ note: [UInt8], _ hour: Int64, _ delta: Int64) throws(Failure) -> Void
    ) throws(Failure) {
        for sum in activity.summed(ranks: notes.ranks) {
            try body(notes.ids[Int(sum.source)], sum.period, sum.delta)
        }
    }
}
