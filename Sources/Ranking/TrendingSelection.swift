/// One note of a trending record.
public struct TrendingEntry: Sendable, Equatable {
    /// The note's id.
    public var note: [UInt8]
    /// The note's category; empty when it has none.
    public var category: [UInt8]
    /// The note's age and activity.
    public var state: NoteState

    /// An entry from its parts.
    public init(note: [UInt8], category: [UInt8] = [], state: NoteState) {
        self.note = note
        self.category = category
        self.state = state
    }
}

/// Which notes a trending record carries.
public enum TrendingSelection {
    /// The union of the `size` newest notes, the `size` notes touched last and the `size` busiest ones.
    ///
    /// ``Next`` needs the first two to know a note's place among all; the third keeps the list meaningful where more
    /// than `size` notes are clicked within the hour. "Busiest" is by clicks of the last day, then of the window. All
    /// ties go to the newer note, then to the smaller id, so the answer does not depend on the order of `notes`.
    ///
    /// - Parameters:
    ///   - notes: live notes, each once.
    ///   - category: nil for all categories.
    ///   - size: how many of each kind.
    /// - Returns: at most 3 × `size` entries, the one touched last first.
    public static func select(
        _ notes: some Sequence<TrendingEntry>, category: [UInt8]? = nil, size: Int
    ) -> [TrendingEntry] {
        guard size > 0 else { return [] }
        var newest = Leaders(size: size) { $0.state.created }
        var touched = Leaders(size: size) { $0.state.touched }
        var busiest = Leaders(size: size) { $0.state.recentClicks << 32 | min($0.state.clicks, 0xFFFF_FFFF) }
        for note in notes where category == nil || note.category == category {
            newest.offer(note)
            touched.offer(note)
            if note.state.clicks > 0 { busiest.offer(note) }
        }
        var union: [[UInt8]: TrendingEntry] = [:]
        for entry in newest.entries + touched.entries + busiest.entries { union[entry.note] = entry }
        return union.values.sorted { first, second in
            precedes(first, second, by: \.state.touched)
        }
    }

    /// Larger key first, then the newer note, then the smaller id.
    static func precedes(
        _ first: TrendingEntry, _ second: TrendingEntry, by key: (TrendingEntry) -> Int64
    ) -> Bool {
        let (a, b) = (key(first), key(second))
        if a != b { return a > b }
        if first.state.created != second.state.created { return first.state.created > second.state.created }
        return first.note.lexicographicallyPrecedes(second.note)
    }
}

/// The best `size` entries seen so far by one key: a sorted buffer, in which almost every note fails the first
/// comparison once it is full.
private struct Leaders {
    let size: Int
    let key: (TrendingEntry) -> Int64
    private(set) var entries: [TrendingEntry] = []

    init(size: Int, key: @escaping (TrendingEntry) -> Int64) {
        self.size = size
        self.key = key
    }

    mutating func offer(_ entry: TrendingEntry) {
        if entries.count == size, let last = entries.last {
            guard TrendingSelection.precedes(entry, last, by: key) else { return }
            entries.removeLast()
        }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if TrendingSelection.precedes(entries[middle], entry, by: key) { low = middle + 1 } else { high = middle }
        }
        entries.insert(entry, at: low)
    }
}
