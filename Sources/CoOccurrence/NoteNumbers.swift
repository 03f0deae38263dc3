#if canImport(Glibc)
    import Glibc
#endif

/// Numbers note ids densely within one batch, so that sums are kept by integers and an id is hashed once a use.
struct NoteNumbers: Sendable {
    private static let smallest = 1 << 8
    private(set) var ids: [[UInt8]] = []
    /// Open addressing: a number plus one, or 0.
    private var slots = [UInt32](repeating: 0, count: smallest)

    /// The number of `id`, a new one at its first use.
    mutating func number(of id: UnsafeRawBufferPointer) -> UInt32 {
        if ids.count * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var position = Self.hash(id) & mask
        while slots[position] != 0 {
            let number = slots[position] - 1
            if ids[Int(number)].withUnsafeBytes({ NoteOrder.areEqual($0, id) }) { return number }
            position = (position + 1) & mask
        }
        ids.append([UInt8](id))
        slots[position] = UInt32(ids.count)
        return UInt32(ids.count - 1)
    }

    /// For each number, its place in the byte order of ids.
    var ranks: [UInt32] {
        let order = ids.indices.sorted { left, right in
            ids[left].withUnsafeBytes { l in ids[right].withUnsafeBytes { r in NoteOrder.compare(l, r) < 0 } }
        }
        var ranks = [UInt32](repeating: 0, count: ids.count)
        for (rank, number) in order.enumerated() { ranks[number] = UInt32(rank) }
        return ranks
    }

    mutating func removeAll(keepingCapacity: Bool) {
        let isRoomy = ids.count * 8 < slots.count
        let capacity = keepingCapacity ? (isRoomy ? max(slots.count / 2, Self.smallest) : slots.count) : Self.smallest
        if capacity != slots.count || !ids.isEmpty { slots = [UInt32](repeating: 0, count: capacity) }
        ids.removeAll(keepingCapacity: keepingCapacity && !isRoomy)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for number in ids.indices {
            var position = ids[number].withUnsafeBytes { Self.hash($0) } & mask
            while slots[position] != 0 { position = (position + 1) & mask }
            slots[position] = UInt32(number + 1)
        }
    }

    /// Swift's seeded hash: ids come from outside and may be chosen to collide.
    private static func hash(_ id: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: id)
        return hasher.finalize()
    }
}

/// Ids in byte order.
enum NoteOrder {
    /// Negative, zero or positive as `memcmp`; a prefix comes first.
    @inline(__always)
    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let common = min(left.count, right.count)
        if common > 0, let l = left.baseAddress, let r = right.baseAddress {
            let order = memcmp(l, r, common)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }

    @inline(__always)
    static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        left.count == right.count && compare(left, right) == 0
    }
}
