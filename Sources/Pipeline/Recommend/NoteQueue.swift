/// Notes that wait, each once, first come first served: under a flood nobody starves.
package struct NoteQueue {
    private var order: [[UInt8]] = []
    /// Where in `order` a waiting note stands; what is no longer here is skipped.
    private var places: [[UInt8]: Int] = [:]
    /// Everything before it in `order` has gone.
    private var head = 0

    /// Nobody waits.
    package init() {}

    /// How many wait.
    package var count: Int { places.count }

    /// Whether nobody waits.
    package var isEmpty: Bool { places.isEmpty }

    /// Whether a note waits.
    package func contains(_ note: [UInt8]) -> Bool { places[note] != nil }

    /// Puts a note at the end, unless it waits already.
    package mutating func insert(_ note: [UInt8]) {
        guard places[note] == nil else { return }
        places[note] = order.count
        order.append(note)
    }

    /// Takes a note out, wherever it stands.
    package mutating func remove(_ note: [UInt8]) {
        guard places.removeValue(forKey: note) != nil else { return }
        while head < order.count, places[order[head]] != head { head += 1 }
        if head > 1_024, head > order.count / 2 { compact() }
    }

    /// Takes out the notes for which a condition holds.
    package mutating func removeAll(where condition: ([UInt8]) -> Bool) {
        places = places.filter { !condition($0.key) }
        compact()
    }

    /// Takes out all.
    package mutating func removeAll() { self = NoteQueue() }

    /// The first `limit` waiting notes for which a condition holds; they stay.
    package func first(_ limit: Int, where condition: ([UInt8]) -> Bool) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var at = head
        while at < order.count, found.count < limit {
            if places[order[at]] == at, condition(order[at]) { found.append(order[at]) }
            at += 1
        }
        return found
    }

    private mutating func compact() {
        order = order.indices.filter { $0 >= head && places[order[$0]] == $0 }.map { order[$0] }
        for (place, note) in order.enumerated() { places[note] = place }
        head = 0
    }
}
