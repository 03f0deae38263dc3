import CKernels

/// A hierarchical navigable small world graph (Malkov and Yashunin, arXiv 1603.09320) in memory: nodes in slots, int8 codes
/// to travel by, float vectors to answer by. It knows nothing of labels or storage; it notes which rows of links changed.
///
/// Owned by one thread. A pure function of the operations applied to it, on every kind of processor.
final class Graph {
    let dimension: Int
    private let m: Int
    let efConstruction: Int
    let kernels: kernel_set
    let quantiser: Quantiser

    /// `dimension` floats a slot.
    private(set) var vectors = Slab<Float>()
    /// `quantiser.codeLength` bytes a slot.
    private(set) var codes = Slab<Int8>()
    /// The top level of each slot's node; -1 for a free slot.
    private(set) var levels = Slab<Int8>()
    private(set) var layers: [Layer] = []
    /// One more than the highest slot ever used.
    private(set) var slotBound = 0
    private var lowestFree = 0
    private(set) var nodeCount = 0

    /// Where searches begin: of the nodes on the top level, the one in the lowest slot. `noSlot` when there is no node.
    private(set) var entry = noSlot
    /// The entry's level; -1 when there is no node.
    private(set) var topLevel = -1

    /// Rows of links that changed since they were last taken.
    private var changed: [LinkRow] = []

    var pool = CandidatePool()
    var visited = Slab<UInt64>()
    let scratch: Scratch

    init(parameters: VectorIndexParameters) {
        dimension = parameters.dimension
        m = parameters.m
        efConstruction = parameters.efConstruction
        kernels = kernel_best().pointee
        quantiser = Quantiser(dimension: dimension, seed: parameters.seed, kernels: kernels)
        scratch = Scratch(codeLength: quantiser.codeLength, width: 2 * parameters.m)
    }

    /// Names a row of links.
    struct LinkRow: Hashable, Comparable {
        let level: Int8
        let slot: UInt32

        static func < (left: LinkRow, right: LinkRow) -> Bool {
            left.level != right.level ? left.level < right.level : left.slot < right.slot
        }
    }

    // MARK: Slots

    func isLive(_ slot: UInt32) -> Bool { Int(slot) < slotBound && levels.base[Int(slot)] >= 0 }

    /// The lowest free slot. Deterministic, so that a graph loaded from its store goes on as the original would.
    func nextFreeSlot() -> UInt32 {
        while lowestFree < slotBound, levels.base[lowestFree] >= 0 { lowestFree += 1 }
        return UInt32(lowestFree)
    }

    /// Puts a node without links into a free slot. The entry stays what it was: `insert` and loading see to it.
    func place(_ slot: UInt32, level: Int, vector: UnsafeBufferPointer<Float>) {
        let index = Int(slot)
        let codeLength = quantiser.codeLength
        vectors.reserve((index + 1) * dimension, initial: 0)
        codes.reserve((index + 1) * codeLength, initial: 0)
        levels.reserve(index + 1, initial: -1)
        visited.reserve(index / 64 + 1, initial: 0)
        slotBound = max(slotBound, index + 1)
        if let source = vector.baseAddress { (vectors.base + index * dimension).update(from: source, count: dimension) }
        quantiser.encode(vector, scratch: scratch.rotated, into: codes.base + index * codeLength)
        levels.base[index] = Int8(level)
        while layers.count <= level { layers.append(Layer(width: layers.isEmpty ? 2 * m : m, isBase: layers.isEmpty)) }
        for level in 0...level { layers[level].add(slot) }
        nodeCount += 1
    }

    /// Frees the slot of a node that nothing links to or from.
    func clear(_ slot: UInt32) {
        for level in 0...Int(levels.base[Int(slot)]) { layers[level].drop(slot) }
        levels.base[Int(slot)] = -1
        lowestFree = min(lowestFree, Int(slot))
        nodeCount -= 1
    }

    /// Makes `slot` the entry if it comes before the present one.
    func offerEntry(_ slot: UInt32) {
        let level = Int(levels.base[Int(slot)])
        if level > topLevel || (level == topLevel && slot < entry) {
            entry = slot
            topLevel = level
        }
    }

    /// Chooses the entry anew, after the old one left.
    func electEntry() {
        entry = noSlot
        topLevel = -1
        for slot in 0..<slotBound where Int(levels.base[slot]) > topLevel { offerEntry(UInt32(slot)) }
    }

    // MARK: Access

    @inline(__always)
    func code(of slot: UInt32) -> UnsafePointer<Int8> { UnsafePointer(codes.base + Int(slot) * quantiser.codeLength) }

    func vector(of slot: UInt32) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: vectors.base + Int(slot) * dimension, count: dimension)
    }

    /// Inner product of a query of `dimension` floats with the vector of `slot`.
    @inline(__always)
    func similarity(_ query: UnsafePointer<Float>, _ slot: UInt32) -> Float {
        kernels.dot_f32(query, vectors.base + Int(slot) * dimension, dimension)
    }

    // MARK: Changes

    func noteChange(_ slot: UInt32, level: Int) { changed.append(LinkRow(level: Int8(level), slot: slot)) }

    /// The rows changed since the last call, each once, in order.
    func takeChanges() -> [LinkRow] {
        changed.sort()
        var rows: [LinkRow] = []
        rows.reserveCapacity(changed.count)
        for row in changed where row != rows.last { rows.append(row) }
        changed.removeAll(keepingCapacity: true)
        return rows
    }
}

/// Working memory of one graph: whatever an operation needs for a moment, allocated once.
final class Scratch {
    let rotated: UnsafeMutablePointer<Float>
    let query: UnsafeMutablePointer<Int8>
    /// Neighbours of the node being expanded, and their products.
    let slots: UnsafeMutablePointer<UInt32>
    let products: UnsafeMutablePointer<Int32>
    /// Candidates of a row that is pruned, and how they were parted.
    let candidates: UnsafeMutablePointer<UInt64>
    let chosen: UnsafeMutablePointer<UInt32>
    let rejected: UnsafeMutablePointer<UInt32>

    /// For rows of codes of `codeLength` bytes and of at most `width` links.
    init(codeLength: Int, width: Int) {
        rotated = .allocate(capacity: codeLength)
        query = .allocate(capacity: codeLength)
        slots = .allocate(capacity: 2 * width + 2)
        products = .allocate(capacity: 2 * width + 2)
        candidates = .allocate(capacity: 2 * width + 2)
        chosen = .allocate(capacity: 2 * width + 2)
        rejected = .allocate(capacity: 2 * width + 2)
    }

    deinit {
        rotated.deallocate()
        query.deallocate()
        slots.deallocate()
        products.deallocate()
        candidates.deallocate()
        chosen.deallocate()
        rejected.deallocate()
    }
}

/// Distances are this minus the product of two codes: positive, and smaller is nearer. Codes of up to 65,536 dimensions fit.
let distanceBias: Int32 = 1 << 30

@inline(__always) func distance(product: Int32) -> UInt32 { UInt32(bitPattern: distanceBias &- product) }
