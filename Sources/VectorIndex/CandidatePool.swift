/// The best nodes that a beam search has seen, nearest first: a sorted array, which below some 500 entries beats two heaps.
///
/// An entry packs (distance, slot, expanded) into 64 bits, so that one comparison orders by distance, then slot.
struct CandidatePool: ~Copyable {
    private var entries = Slab<UInt64>()
    private(set) var count = 0
    private var limit = 0
    /// No entry before this one waits for expansion.
    private var cursor = 0

    /// Empties the pool; it will keep the `limit` nearest.
    mutating func reset(limit: Int) {
        self.limit = limit
        count = 0
        cursor = 0
        entries.reserve(limit + 1, initial: 0)
    }

    /// The packed entries, nearest first; void after the next push or reset.
    var sorted: UnsafePointer<UInt64> { UnsafePointer(entries.base) }

    @inline(__always)
    mutating func push(distance: UInt32, slot: UInt32) {
        let entry = UInt64(distance) << 32 | UInt64(slot) << 1
        let base = entries.base
        if count == limit, entry >= base[count - 1] { return }
        var low = 0
        var length = count
        while length > 0 {
            let half = length >> 1
            let isBelow = base[low + half] < entry
            low = isBelow ? low + half + 1 : low
            length = isBelow ? length - half - 1 : half
        }
        let moved = (count < limit ? count : limit - 1) - low
        (base + low + 1).update(from: base + low, count: moved)
        base[low] = entry
        if count < limit { count += 1 }
        if low < cursor { cursor = low }
    }

    /// The nearest slot not expanded so far, which from now on is; nil when all are.
    @inline(__always)
    mutating func popNearest() -> UInt32? {
        guard let slot = nearestWaiting() else { return nil }
        entries.base[cursor] |= 1
        cursor += 1
        return slot
    }

    /// The slot that the next pop would give.
    @inline(__always)
    mutating func nearestWaiting() -> UInt32? {
        let base = entries.base
        while cursor < count, base[cursor] & 1 == 1 { cursor += 1 }
        return cursor < count ? slotOfEntry(base[cursor]) : nil
    }
}

@inline(__always) func slotOfEntry(_ entry: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: entry) >> 1 }
@inline(__always) func distanceOfEntry(_ entry: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: entry >> 32) }
@inline(__always) func packedEntry(distance: UInt32, slot: UInt32) -> UInt64 {
    UInt64(distance) << 32 | UInt64(slot) << 1
}

/// Sorts a few entries in place.
@inline(__always)
func insertionSort(_ entries: UnsafeMutablePointer<UInt64>, count: Int) {
    guard count > 1 else { return }
    for index in 1..<count {
        let entry = entries[index]
        var position = index
        while position > 0, entries[position - 1] > entry {
            entries[position] = entries[position - 1]
            position -= 1
        }
        entries[position] = entry
    }
}
