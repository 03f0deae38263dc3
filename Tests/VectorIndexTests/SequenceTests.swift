import StateStore
import Support
import Testing
import VectorIndex

/// Seeded sequences of operations against a dictionary.
@Suite("Sequences of operations") struct SequenceTests {
    @Test("Membership, rows and invariants hold after each of 200 sequences", arguments: 0..<10)
    func sequences(_ group: UInt64) throws {
        for seed in group * 20..<(group + 1) * 20 {
            var run = try SequenceRun(seed: seed)
            try run.perform(operations: 250)
        }
    }
}

/// One sequence: an index, and what it should hold.
private struct SequenceRun {
    let folder: TemporaryFolder
    var store: Store
    var index: VectorIndex
    var batch: Batch
    var vectors: Vectors
    var model: [UInt32: [Float]] = [:]
    var committed: [UInt32: [Float]] = [:]
    let seed: UInt64
    let parameters: VectorIndexParameters

    init(seed: UInt64) throws {
        self.seed = seed
        // Few links and a narrow beam: rows fill, are pruned and fall apart as those of large graphs do.
        parameters = VectorIndexParameters(
            dimension: [8, 24, 64, 100][Int(seed % 4)], m: [2, 4, 6][Int(seed % 3)], efConstruction: 12, seed: seed)
        folder = try TemporaryFolder()
        store = try Store(path: folder.path, families: VectorIndex.families)
        index = try VectorIndex(store: store, namespace: [1, 0, 2], parameters: parameters)
        batch = store.makeBatch()
        vectors = Vectors(dimension: parameters.dimension, clusters: 6, seed: seed)
    }

    mutating func perform(operations: Int) throws {
        for _ in 0..<operations {
            switch vectors.pick(0..<100) {
            case 0..<50: try insert(UInt32(vectors.pick(0..<150)), someVector())
            case 50..<54:
                // A copy of a stored vector.
                if let vector = model.min(by: { $0.key < $1.key })?.value {
                    try insert(UInt32(vectors.pick(0..<150)), vector)
                }
            case 54..<80: try remove(UInt32(vectors.pick(0..<150)))
            case 80..<90: try search()
            case 90..<95: try commit()
            case 95..<98: try discard()
            default: try reopen()
            }
        }
        try check(batch)
        try commit()
        try check(store)
        for label in model.keys.sorted() { try remove(label) }
        try check(batch)
        #expect(index.count == 0)
    }

    private mutating func someVector() -> [Float] {
        switch vectors.pick(0..<12) {
        case 0: [Float](repeating: 0, count: parameters.dimension)
        case 1: vectors.isotropic().map { $0 * 17 }
        case 2: vectors.outlying()
        case 3...5: vectors.isotropic()
        case 6: vectors.clustered(spread: 1e-4)
        default: vectors.clustered()
        }
    }

    private mutating func insert(_ label: UInt32, _ vector: [Float]) throws {
        try index.insert(label, vector, in: batch)
        model[label] = vector
    }

    private mutating func remove(_ label: UInt32) throws {
        try index.remove(label, in: batch)
        model[label] = nil
    }

    private mutating func search() throws {
        let query = someVector()
        let excluded = model.keys.min()
        let found = try index.search(query, count: 5, efSearch: 8, excluding: excluded)
        let exact = try index.exactSearch(query, count: 5, excluding: excluded)
        #expect(found.count == min(5, max(0, model.count - 1)))
        #expect(exact.count == found.count)
        #expect(Set(found.map(\.label)).count == found.count)
        for neighbour in found {
            #expect(neighbour.label != excluded)
            let vector = try #require(model[neighbour.label])
            #expect(abs(neighbour.similarity - cosine(query, vector)) < 1e-5)
        }
        // The oracle's own oracle: no label outside the exact answer is more similar than its last.
        let least = exact.last?.similarity ?? 0
        let answered = Set(exact.map(\.label))
        for (label, vector) in model where label != excluded && !answered.contains(label) {
            #expect(cosine(query, vector) <= least + 1e-5)
        }
    }

    private mutating func commit() throws {
        try batch.commit()
        committed = model
    }

    private mutating func discard() throws {
        batch.discard()
        try index.reload()
        model = committed
        try check(store)
    }

    private mutating func reopen() throws {
        try commit()
        let queries = (0..<10).map { _ in vectors.isotropic() }
        let before = try queries.map { try index.search($0, count: 3, efSearch: 5) }
        store.close()
        store = try Store(path: folder.path, families: VectorIndex.families)
        let reopened = try VectorIndex(store: store, namespace: [1, 0, 2], parameters: parameters)
        batch = store.makeBatch()
        #expect(reopened.count == index.count)
        index = reopened
        let after = try queries.map { try index.search($0, count: 3, efSearch: 5) }
        #expect(after == before)
        try check(store)
    }

    private func check(_ reader: some StateReader) throws {
        #expect(index.checkInvariants() == [], "seed \(seed)")
        #expect(try index.checkRows(in: reader) == [], "seed \(seed)")
        #expect(index.count == model.count)
        #expect(Set(index.labels) == Set(model.keys))
        for (label, vector) in model {
            let stored = try #require(index.vector(label))
            #expect(zip(stored, unit(vector)).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }
}

func cosine(_ left: [Float], _ right: [Float]) -> Float {
    zip(unit(left), unit(right)).reduce(0) { $0 + $1.0 * $1.1 }
}
