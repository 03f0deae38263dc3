import StateStore

/// Approximate nearest neighbours by cosine, kept up to date vector by vector: a graph in memory, mirrored row by row in a
/// store.
///
/// Every change is staged in the caller's batch and is visible to searches at once; after a batch that was discarded instead
/// of committed, call ``reload()``. Removal is real: neighbours are linked anew and the slot is used again, nothing piles
/// up. Indexes of different namespaces live beside each other in one store.
///
/// The same operations give the same graph on every machine. Owned by one thread.
public final class VectorIndex {
    /// The column families that the store must be opened with.
    public static let families = [Rows.vectors, Rows.links]

    /// What the index was made with.
    public let parameters: VectorIndexParameters
    let store: Store
    let rows: Rows
    var graph: Graph
    var members = Members()
    /// Hash of a vector's bits to the node that holds it.
    var nodes: [UInt64: UInt32] = [:]
    /// Whether the parameters' row is written or staged.
    var isRecorded = false

    /// Loads the index of `namespace`, which may be empty: some 100,000 vectors a second.
    ///
    /// - Throws: `.invalidArgument` for parameters out of range or other than the stored ones, `.corrupted` for rows that do
    ///   not fit together, and what the store throws.
    public init(
        store: Store, namespace: [UInt8], parameters: VectorIndexParameters = VectorIndexParameters()
    ) throws(StoreError) {
        try parameters.validate()
        self.store = store
        self.parameters = parameters
        rows = Rows(namespace: namespace)
        graph = Graph(parameters: parameters)
        try load()
    }

    /// How many labels are in the index.
    public var count: Int { members.count }

    /// The labels, in no order.
    public var labels: some Collection<UInt32> { members.slots.keys }

    /// Whether `label` is in the index.
    public func contains(_ label: UInt32) -> Bool { members.slot(of: label) != nil }

    /// The unit vector of `label`.
    public func vector(_ label: UInt32) -> [Float]? {
        members.slot(of: label).map { Array(graph.vector(of: $0)) }
    }

    /// Adds `label`, or moves it to another vector.
    ///
    /// A vector whose length is not 1 is scaled to it; a zero vector is kept, similar to nothing.
    ///
    /// - Throws: `.invalidArgument` for a wrong dimension or a number that is not finite; nothing has changed then.
    public func insert(_ label: UInt32, _ vector: [Float], in batch: Batch) throws(StoreError) {
        let vector = try normalised(vector, of: "label \(label)")
        if let slot = members.slot(of: label) {
            if holds(slot, vector) { return }
            try remove(label, in: batch)
        }
        try recordParameters(in: batch)
        let content = contentHash(vector)
        let slot: UInt32
        if let equal = nodes[content], holds(equal, vector) {
            slot = equal
        } else {
            slot = graph.nextFreeSlot()
            let level = level(for: content)
            vector.withUnsafeBufferPointer { graph.insert(slot, level: level, vector: $0) }
            if nodes[content] == nil { nodes[content] = slot }
            try batch.put(Rows.vectors, rows.node(slot), Rows.nodeValue(level: level, vector: vector))
            try stageLinks(in: batch)
        }
        members.add(label, to: slot)
        try batch.put(Rows.vectors, rows.label(label), Rows.slotValue(slot))
    }

    /// Takes `label` out; nothing happens when it is not there.
    public func remove(_ label: UInt32, in batch: Batch) throws(StoreError) {
        guard let (slot, isShared) = members.remove(label) else { return }
        try batch.delete(Rows.vectors, rows.label(label))
        guard !isShared else { return }
        let content = contentHash(Array(graph.vector(of: slot)))
        if nodes[content] == slot { nodes[content] = nil }
        graph.remove(slot)
        try batch.delete(Rows.vectors, rows.node(slot))
        try stageLinks(in: batch)
    }

    /// Deletes the rows of a namespace. An index that is open on it is of no more use.
    public static func wipe(namespace: [UInt8], in batch: Batch) throws(StoreError) {
        for family in families { try batch.wipe(family, prefix: Rows(namespace: namespace).prefix) }
    }

    /// Reads everything again from the store: after a batch was discarded.
    public func reload() throws(StoreError) {
        forgetAll()
        try load()
    }

    private func forgetAll() {
        graph = Graph(parameters: parameters)
        members = Members()
        nodes = [:]
        isRecorded = false
    }

    private func holds(_ slot: UInt32, _ vector: [Float]) -> Bool {
        let stored = graph.vector(of: slot)
        return vector.indices.allSatisfy { stored[$0].bitPattern == vector[$0].bitPattern }
    }

    /// Levels are drawn by the vector's own bits: one in m nodes reaches level 1, one in m² level 2.
    private func level(for content: UInt64) -> Int {
        let draw = Double(mixed(content ^ parameters.seed) >> 11) * 0x1p-53
        var level = 0
        var share = 1 / Double(parameters.m)
        while draw < share, level < 15 {
            level += 1
            share /= Double(parameters.m)
        }
        return level
    }
}

extension VectorIndexParameters {
    fileprivate func validate() throws(StoreError) {
        guard (1...65_536).contains(dimension), (2...64).contains(m), (1...10_000).contains(efConstruction) else {
            throw StoreError(
                .invalidArgument,
                "vector index: dimension \(dimension), m \(m) and efConstruction \(efConstruction) must be within 1...65536,"
                    + " 2...64 and 1...10000")
        }
    }
}

extension VectorIndex {
    /// The vector at length 1, or zero; bits are kept where the length is 1 already.
    func normalised(_ vector: [Float], of what: String) throws(StoreError) -> [Float] {
        guard vector.count == parameters.dimension else {
            throw StoreError(
                .invalidArgument,
                "vector index: the vector of \(what) has \(vector.count) numbers, the index \(parameters.dimension);"
                    + " use an index made for this model version")
        }
        var square = 0.0
        for value in vector { square += Double(value) * Double(value) }
        guard square.isFinite else {
            throw StoreError(
                .invalidArgument, "vector index: the vector of \(what) has a number that is not finite; leave it out")
        }
        if square == 0 || abs(square - 1) < 1e-5 { return vector }
        let factor = 1 / square.squareRoot()
        return vector.map { Float(Double($0) * factor) }
    }
}

func contentHash(_ vector: [Float]) -> UInt64 {
    var hash = UInt64(vector.count)
    // Two numbers a step: half the length of the chain.
    for index in stride(from: 0, to: vector.count, by: 2) {
        let second = index + 1 < vector.count ? vector[index + 1].bitPattern : 0
        hash = mixed(hash ^ UInt64(vector[index].bitPattern) << 32 ^ UInt64(second))
    }
    return hash
}
