/// Deltas by two note numbers and a period: appended as they come, summed by sorting.
///
/// A click sends a hundred deltas: a hash table would miss the cache at each, and its content would have to be sorted
/// all the same. Memory stays within twice the distinct places, since a full log is summed in place.
struct DeltaLog: Sendable {
    struct Entry: Sendable {
        /// Note numbers; `target` is 0 where there is one note only.
        var source: UInt32
        var target: UInt32
        /// A bucket or an hour.
        var period: Int64
        var delta: Int64
        /// How many more users stand behind a pair; 0 where there is one note only.
        var users: Int32

        @inline(__always)
        func isSamePlace(as other: Entry) -> Bool {
            source == other.source && period == other.period && target == other.target
        }
    }

    private static let smallest = 1 << 16
    private var entries: [Entry] = []
    private var sumAt = smallest

    /// At least the number of distinct places.
    var count: Int { entries.count }

    @inline(__always)
    mutating func add(_ source: UInt32, _ target: UInt32, _ period: Int64, _ delta: Int64, users: Int32 = 0) {
        entries.append(Entry(source: source, target: target, period: period, delta: delta, users: users))
        if entries.count >= sumAt { sumInPlace() }
    }

    mutating func removeAll(keepingCapacity: Bool) {
        entries.removeAll(keepingCapacity: keepingCapacity)
        sumAt = Self.smallest
    }

    /// One entry a place, by rank of source, period and rank of target; without zeros.
    func summed(ranks: [UInt32]) -> [Entry] {
        var sorted = entries
        var spare = entries
        Self.sort(&sorted, &spare, keys: ranks.count) { Int(ranks[Int($0.target)]) }
        if let least = entries.lazy.map(\.period).min(), let most = entries.lazy.map(\.period).max() {
            let (span, overflow) = most.subtractingReportingOverflow(least)
            if !overflow, span < max(1 << 12, entries.count) {
                Self.sort(&sorted, &spare, keys: Int(span) + 1) { Int($0.period - least) }
            } else {
                // Far apart only by odd clocks. `sorted` is stable: the order of targets stays.
                sorted.sort { $0.period < $1.period }
            }
        }
        Self.sort(&sorted, &spare, keys: ranks.count) { Int(ranks[Int($0.source)]) }
        Self.sumNeighbours(&sorted)
        return sorted
    }

    private mutating func sumInPlace() {
        let most = entries.reduce(0) { max($0, $1.source, $1.target) }
        entries = summed(ranks: Array(0...most))
        sumAt = max(Self.smallest, entries.count * 2)
    }

    /// Sorts stably by a key from 0 up to `keys`, by counting.
    @inline(__always)
    private static func sort(
        _ entries: inout [Entry], _ spare: inout [Entry], keys: Int, by key: (Entry) -> Int
    ) {
        var starts = [Int](repeating: 0, count: keys + 1)
        for entry in entries { starts[key(entry) + 1] += 1 }
        for index in starts.indices.dropFirst() { starts[index] += starts[index - 1] }
        for entry in entries {
            let place = key(entry)
            spare[starts[place]] = entry
            starts[place] += 1
        }
        swap(&entries, &spare)
    }

    private static func sumNeighbours(_ entries: inout [Entry]) {
        var kept = 0
        var index = 0
        while index < entries.count {
            var sum = entries[index]
            index += 1
            while index < entries.count, entries[index].isSamePlace(as: sum) {
                sum.delta &+= entries[index].delta
                sum.users &+= entries[index].users
                index += 1
            }
            if sum.delta != 0 || sum.users != 0 {
                entries[kept] = sum
                kept += 1
            }
        }
        entries.removeLast(entries.count - kept)
    }
}
