/// The uncommitted changes of one family: found by key in constant time, walked in byte order for scans.
///
/// Entries keep their slot for the life of the batch. `order` lists slots by key; slots made since the last scan are
/// sorted in when the next one begins, so that a batch that only puts and gets never sorts. A class, so that a scan
/// holds it without copying.
final class Overlay {
    /// What stands below an entry's operands.
    enum Base {
        /// Whatever the store holds.
        case stored
        case deleted
        case value([UInt8])
    }

    struct Entry {
        let key: [UInt8]
        var base: Base
        /// Merge operands over `base`, joined; empty when there are none.
        var operands: [UInt8] = []
    }

    private struct Key: Hashable {
        let bytes: [UInt8]

        static func == (left: Key, right: Key) -> Bool {
            left.bytes.withUnsafeBytes { l in right.bytes.withUnsafeBytes { r in compareBytes(l, r) == 0 } }
        }

        /// One call for all bytes: `Array` would feed them to the hasher one by one.
        func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
    }

    private(set) var entries: [Entry] = []
    /// Prefixes wiped, under which the store's own keys no longer count.
    private(set) var wiped: [[UInt8]] = []
    private var slots: [Key: Int] = [:]
    private var order: [Int] = []

    var isEmpty: Bool { entries.isEmpty && wiped.isEmpty }

    func find(_ key: [UInt8]) -> Int? { slots[Key(bytes: key)] }

    /// The wiped prefix that hides the store's `key`, if any.
    func hiding(_ key: UnsafeRawBufferPointer) -> [UInt8]? {
        wiped.isEmpty ? nil : wiped.first { key.hasPrefix($0) }
    }

    // MARK: Changes

    func set(_ key: [UInt8], _ base: Base) {
        let slot = slot(of: key)
        entries[slot].base = base
        entries[slot].operands.removeAll(keepingCapacity: true)
    }

    func merge(_ key: [UInt8], _ operand: [UInt8], with merge: MergeOperator) {
        let slot = slot(of: key)
        switch merge {
        case .deltas, .deltaPairs: entries[slot].operands += operand
        case .sum64 where entries[slot].operands.isEmpty: entries[slot].operands = operand
        case .sum64:
            let sum = Self.int64(entries[slot].operands) &+ Self.int64(operand)
            withUnsafeBytes(of: sum.littleEndian) { entries[slot].operands = [UInt8]($0) }
        }
    }

    func wipe(_ prefix: [UInt8]) {
        sort()
        var position = position(of: prefix, reverse: false)
        while position < order.count, entries[order[position]].key.hasPrefix(prefix) {
            entries[order[position]].base = .deleted
            entries[order[position]].operands = []
            position += 1
        }
        guard !wiped.contains(where: { prefix.hasPrefix($0) }) else { return }
        wiped.removeAll { $0.hasPrefix(prefix) }
        wiped.append(prefix)
    }

    func removeAll() {
        entries.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
        wiped.removeAll()
    }

    private static func int64(_ bytes: [UInt8]) -> Int64 {
        bytes.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    }

    private func slot(of key: [UInt8]) -> Int {
        let key = Key(bytes: key)
        if let slot = slots[key] { return slot }
        let slot = entries.count
        slots[key] = slot
        entries.append(Entry(key: key.bytes, base: .stored))
        // A new entry under a wiped prefix stands over nothing.
        if !wiped.isEmpty, wiped.contains(where: { key.bytes.hasPrefix($0) }) { entries[slot].base = .deleted }
        return slot
    }

    // MARK: Order

    /// Brings `order` up to date. Few new slots are inserted one by one, many are sorted and joined.
    func sort() {
        let fresh = order.count..<entries.count
        if fresh.isEmpty { return }
        if fresh.count <= 16 {
            for slot in fresh {
                let key = entries[slot].key
                order.insert(slot, at: firstPosition { compare($0, key) > 0 })
            }
            return
        }
        let added = fresh.sorted { compare(entries[$0].key, entries[$1].key) < 0 }
        var joined: [Int] = []
        joined.reserveCapacity(entries.count)
        var next = 0
        for slot in order {
            while next < added.count, compare(entries[added[next]].key, entries[slot].key) < 0 {
                joined.append(added[next])
                next += 1
            }
            joined.append(slot)
        }
        joined += added[next...]
        order = joined
    }

    /// All entries in byte order, the order RocksDB's write buffer takes fastest. Call ``sort()`` first.
    var ordered: some Sequence<Entry> { order.lazy.map { self.entries[$0] } }

    /// The entry at a position of the byte order; nil outside. Call ``sort()`` first.
    func entry(at position: Int) -> Entry? { order.indices.contains(position) ? entries[order[position]] : nil }

    /// The first position whose key is at or above `key`; with `reverse` the last one at or below it.
    func position(of key: [UInt8]?, reverse: Bool) -> Int {
        switch (key, reverse) {
        case (nil, false): 0
        case (nil, true): order.count - 1
        case (let key?, false): firstPosition { compare($0, key) >= 0 }
        case (let key?, true): firstPosition { compare($0, key) > 0 } - 1
        }
    }

    private func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left.withUnsafeBytes { l in right.withUnsafeBytes { r in compareBytes(l, r) } }
    }

    /// The first position in `order` whose key fulfils a condition that, once true, stays true.
    private func firstPosition(where fulfils: ([UInt8]) -> Bool) -> Int {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if fulfils(entries[order[middle]].key) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
