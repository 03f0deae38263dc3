/// The documents of one term, in order of their slots, and how often it stands in each.
struct Postings {
    /// One entry a document: slot and frequency side by side, so that adding one touches one place in memory.
    struct Entry {
        let slot: UInt32
        let frequency: UInt16
    }

    private(set) var entries: [Entry] = []

    var count: Int { entries.count }

    /// The place of `slot`, or where it would be.
    private func position(of slot: UInt32) -> Int {
        var low = 0
        var high = entries.count
        if let last = entries.last, last.slot < slot { return high }
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].slot < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How often the term stands in the document; 0 when it does not.
    func frequency(in slot: UInt32) -> UInt16 {
        let position = position(of: slot)
        return position < entries.count && entries[position].slot == slot ? entries[position].frequency : 0
    }

    mutating func insert(_ slot: UInt32, frequency: UInt16) {
        entries.insert(Entry(slot: slot, frequency: frequency), at: position(of: slot))
    }

    mutating func remove(_ slot: UInt32) {
        let position = position(of: slot)
        guard position < entries.count, entries[position].slot == slot else { return }
        entries.remove(at: position)
    }
}
