/// Sums by two integers: an open-addressed table without a box per entry, emptied and reused batch after batch.
struct SumTable: Sendable {
    struct Slot: Sendable {
        /// Two dense note numbers, or one.
        var notes: UInt64
        /// A bucket or an hour.
        var period: Int64
        var sum: Int64
    }

    private static let empty = UInt64.max
    private static let smallest = 1 << 8
    private var slots: [Slot]
    private(set) var count = 0

    init() { slots = Self.cleared(Self.smallest) }

    /// The occupied slots, zero sums included, in no order.
    var occupied: some Sequence<Slot> { slots.lazy.filter { $0.notes != Self.empty } }

    mutating func add(_ notes: UInt64, _ period: Int64, _ delta: Int64) {
        if count * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var position = Self.hash(notes, period) & mask
        slots.withUnsafeMutableBufferPointer { slots in
            while true {
                if slots[position].notes == notes, slots[position].period == period {
                    slots[position].sum &+= delta
                    return
                }
                if slots[position].notes == Self.empty {
                    slots[position] = Slot(notes: notes, period: period, sum: delta)
                    count += 1
                    return
                }
                position = (position + 1) & mask
            }
        }
    }

    mutating func removeAll(keepingCapacity: Bool) {
        // Clearing costs what the table is large: one that a single large batch grew shrinks again.
        let isRoomy = count * 8 < slots.count
        let capacity = keepingCapacity ? (isRoomy ? max(slots.count / 2, Self.smallest) : slots.count) : Self.smallest
        if capacity != slots.count {
            slots = Self.cleared(capacity)
        } else if count > 0 {
            for index in slots.indices { slots[index].notes = Self.empty }
        }
        count = 0
    }

    private mutating func grow() {
        let old = slots
        slots = Self.cleared(old.count * 2)
        count = 0
        for slot in old where slot.notes != Self.empty { add(slot.notes, slot.period, slot.sum) }
    }

    private static func cleared(_ capacity: Int) -> [Slot] {
        [Slot](repeating: Slot(notes: empty, period: 0, sum: 0), count: capacity)
    }

    /// Note numbers are dense and given by us, so a multiplicative mix is enough.
    @inline(__always)
    private static func hash(_ notes: UInt64, _ period: Int64) -> Int {
        let mixed = (notes &+ UInt64(bitPattern: period) &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: (mixed ^ (mixed >> 29)) >> 7)
    }
}
