/// The documents of one term, in order of their slots, and how often it stands in each.
struct Postings {
    private(set) var slots: [UInt32] = []
    private(set) var frequencies: [UInt16] = []

    var count: Int { slots.count }

    /// The place of `slot`, or where it would be.
    private func position(of slot: UInt32) -> Int {
        var low = 0
        var high = slots.count
        if let last = slots.last, last < slot { return high }
        while low < high {
            let middle = (low + high) / 2
            if slots[middle] < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func frequency(in slot: UInt32) -> UInt16 {
        let position = position(of: slot)
        return position < slots.count && slots[position] == slot ? frequencies[position] : 0
    }

    mutating func insert(_ slot: UInt32, frequency: UInt16) {
        let position = position(of: slot)
        slots.insert(slot, at: position)
        frequencies.insert(frequency, at: position)
    }

    mutating func remove(_ slot: UInt32) {
        let position = position(of: slot)
        guard position < slots.count, slots[position] == slot else { return }
        slots.remove(at: position)
        frequencies.remove(at: position)
    }
}
