/// The byte-pair merges: (left token, right token) → (rank, merged token). Open addressing in one flat array, because
/// the encoder asks it for every pair of neighbours.
struct MergeTable: Sendable {
    struct Merge: Sendable {
        /// Lower merges first.
        let rank: UInt32
        let token: Int32
    }

    private struct Slot: Sendable {
        var left: Int32 = -1
        var right: Int32 = -1
        var merge = Merge(rank: .max, token: -1)
    }

    private var slots: [Slot]
    private let mask: Int

    /// An empty table for at most `count` merges.
    init(capacity count: Int) {
        var size = 16
        while size < 2 * count { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        mask = size - 1
    }

    /// Adds a merge; the first of equal pairs stays.
    mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
        let slot = find(left, right)
        if slots[slot].left < 0 { slots[slot] = Slot(left: left, right: right, merge: merge) }
    }

    subscript(left: Int32, right: Int32) -> Merge? {
        let slot = slots[find(left, right)]
        return slot.left < 0 ? nil : slot.merge
    }

    /// The pair's slot, or the free one where it belongs. Ends because at most half the slots are taken.
    private func find(_ left: Int32, _ right: Int32) -> Int {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while slots[slot].left >= 0, slots[slot].left != left || slots[slot].right != right { slot = (slot + 1) & mask }
        return slot
    }
}
