/// The changes of one batch: pair scores combined by source, bucket and target, and clicks by note and hour.
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
    private var pairs = SumTable()
    private var activity = SumTable()

    /// No changes.
    public init() {}

    /// Whether no pair and no activity was touched. ``crossedBucket`` stands apart.
    public var isEmpty: Bool { pairs.count == 0 && activity.count == 0 }

    /// Distinct pairs touched, those whose deltas summed to zero included: what bounds a batch's output.
    public var pairCount: Int { pairs.count }

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
    mutating func addPair(_ source: UInt32, _ target: UInt32, bucket: Int64, _ delta: Int64) {
        pairs.add(UInt64(source) << 32 | UInt64(target), bucket, delta)
    }

    mutating func addClick(_ note: UInt32, hour: Int64, _ delta: Int64) { activity.add(UInt64(note), hour, delta) }

    // MARK: Handing out

    /// Visits the pair deltas by source (byte order) and bucket; targets in byte order.
    public func forEachPairs<Failure: Error>(
        _ body: (_ source: [UInt8], _ bucket: Int64, _ targets: [(note: [UInt8], delta: Int64)]) throws(Failure) -> Void
    ) throws(Failure) {
        let ranks = notes.ranks
        let rank = { (notes: UInt64) in
            UInt64(ranks[Int(notes >> 32)]) << 32 | UInt64(ranks[Int(notes & 0xFFFF_FFFF)])
        }
        let ordered = pairs.occupied.filter { $0.sum != 0 }
            .map { (rank: rank($0.notes), slot: $0) }
            .sorted { left, right in
                let (leftSource, rightSource) = (left.rank >> 32, right.rank >> 32)
                if leftSource != rightSource { return leftSource < rightSource }
                if left.slot.period != right.slot.period { return left.slot.period < right.slot.period }
                return left.rank < right.rank
            }
        var targets: [(note: [UInt8], delta: Int64)] = []
        for (index, entry) in ordered.enumerated() {
            targets.append((notes.ids[Int(entry.slot.notes & 0xFFFF_FFFF)], entry.slot.sum))
            let source = entry.slot.notes >> 32
            if index + 1 < ordered.count, ordered[index + 1].slot.notes >> 32 == source,
                ordered[index + 1].slot.period == entry.slot.period
            {
                continue
            }
            try body(notes.ids[Int(source)], entry.slot.period, targets)
            targets.removeAll(keepingCapacity: true)
        }
    }

    /// Visits the click deltas by note (byte order) and hour (hours since 1970 UTC).
    public func forEachActivity<Failure: Error>(
        _ body: (_ note: [UInt8], _ hour: Int64, _ delta: Int64) throws(Failure) -> Void
    ) throws(Failure) {
        let ranks = notes.ranks
        let ordered = activity.occupied.filter { $0.sum != 0 }.sorted { left, right in
            let (leftRank, rightRank) = (ranks[Int(left.notes)], ranks[Int(right.notes)])
            return leftRank != rightRank ? leftRank < rightRank : left.period < right.period
        }
        for slot in ordered { try body(notes.ids[Int(slot.notes)], slot.period, slot.sum) }
    }
}
