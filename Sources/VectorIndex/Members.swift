/// Which labels a node answers for. Equal vectors share one node: copies beside each other would fill each other's links and
/// cut themselves off from the rest of the graph.
struct Members {
    private(set) var slots: [UInt32: UInt32] = [:]
    /// The label of each slot that has one label, which nearly all have.
    private var single: [UInt32] = []
    /// The labels, ascending, of the slots that have several.
    private var several: [UInt32: [UInt32]] = [:]
    private var isTaken: [Bool] = []

    var count: Int { slots.count }

    func slot(of label: UInt32) -> UInt32? { slots[label] }

    mutating func add(_ label: UInt32, to slot: UInt32) {
        slots[label] = slot
        while single.count <= Int(slot) {
            single.append(0)
            isTaken.append(false)
        }
        guard isTaken[Int(slot)] else {
            single[Int(slot)] = label
            isTaken[Int(slot)] = true
            return
        }
        var labels = several.removeValue(forKey: slot) ?? [single[Int(slot)]]
        labels.insert(label, at: labels.firstIndex { $0 > label } ?? labels.count)
        several[slot] = labels
    }

    /// Takes a label away; answers its slot and whether that has labels left.
    mutating func remove(_ label: UInt32) -> (slot: UInt32, isShared: Bool)? {
        guard let slot = slots.removeValue(forKey: label) else { return nil }
        guard var labels = several.removeValue(forKey: slot) else {
            isTaken[Int(slot)] = false
            return (slot, false)
        }
        labels.removeAll { $0 == label }
        if labels.count == 1 {
            single[Int(slot)] = labels[0]
        } else {
            several[slot] = labels
        }
        return (slot, true)
    }

    /// Visits the labels of a slot in ascending order, at most `limit` of them.
    @inline(__always)
    func forEachLabel(of slot: UInt32, limit: Int, _ body: (UInt32) -> Void) {
        guard Int(slot) < isTaken.count, isTaken[Int(slot)] else { return }
        if !several.isEmpty, let labels = several[slot] {
            for label in labels.prefix(limit) { body(label) }
        } else if limit > 0 {
            body(single[Int(slot)])
        }
    }
}
