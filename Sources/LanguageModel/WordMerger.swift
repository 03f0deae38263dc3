/// Merges the symbols of one word: again and again the pair of neighbours of lowest rank, the leftmost of equals.
///
/// Symbols are a linked list in arrays and pairs wait in a heap, so that a word of n bytes costs n·log n, whatever a
/// user may send as one word. Buffers are reused from word to word.
struct WordMerger {
    private var symbols: [Int32] = []
    private var nextIndex: [Int] = []
    private var previousIndex: [Int] = []
    /// The merge of the pair that begins at an index, as it is now; entries of the heap that differ are out of date.
    private var pairs: [MergeTable.Merge?] = []
    /// (rank, index of the left symbol), a binary heap with the least in front.
    private var heap: [UInt64] = []

    /// Begins a new word.
    mutating func start() { symbols.removeAll(keepingCapacity: true) }

    /// Adds a symbol to the word.
    mutating func append(_ symbol: Int32) { symbols.append(symbol) }

    /// Merges as far as `merges` go and adds what stands then to `result`.
    mutating func merge(_ merges: MergeTable, into result: inout [Int32]) {
        let count = symbols.count
        guard count > 1 else {
            result.append(contentsOf: symbols)
            return
        }
        nextIndex.removeAll(keepingCapacity: true)
        previousIndex.removeAll(keepingCapacity: true)
        pairs.removeAll(keepingCapacity: true)
        heap.removeAll(keepingCapacity: true)
        for i in 0..<count {
            nextIndex.append(i + 1)
            previousIndex.append(i - 1)
            pairs.append(nil)
        }
        for i in 0..<count - 1 { renewPair(i, merges) }
        while let (rank, left) = pop() {
            guard let pair = pairs[left], pair.rank == rank else { continue }
            let right = nextIndex[left]
            symbols[left] = pair.token
            pairs[right] = nil
            nextIndex[left] = nextIndex[right]
            if nextIndex[left] < count { previousIndex[nextIndex[left]] = left }
            renewPair(left, merges)
            if previousIndex[left] >= 0 { renewPair(previousIndex[left], merges) }
        }
        var index = 0
        while index < count {
            result.append(symbols[index])
            index = nextIndex[index]
        }
    }

    private mutating func renewPair(_ left: Int, _ merges: MergeTable) {
        let right = nextIndex[left]
        pairs[left] = right < symbols.count ? merges[symbols[left], symbols[right]] : nil
        if let pair = pairs[left] { push(rank: pair.rank, left) }
    }

    private mutating func push(rank: UInt32, _ left: Int) {
        heap.append(UInt64(rank) << 32 | UInt64(left))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> (rank: UInt32, left: Int)? {
        guard let least = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < heap[parent] else { break }
                heap.swapAt(child, parent)
                parent = child
            }
        }
        return (UInt32(least >> 32), Int(least & 0xFFFF_FFFF))
    }
}
