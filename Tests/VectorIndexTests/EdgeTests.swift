import StateStore
import Support
import Testing
import VectorIndex

@Suite("Edges of the vector index") struct EdgeTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try Store(path: folder.path, families: VectorIndex.families)
    }

    @Test("A thousand copies share a node, hide nobody and can be found and removed one by one")
    func copies() throws {
        let index = try VectorIndex(store: store, namespace: [], parameters: VectorIndexParameters(dimension: 16))
        let batch = store.makeBatch()
        var vectors = Vectors(dimension: 16, seed: 1)
        let copied = vectors.isotropic()
        for label in 0..<UInt32(1_000) { try index.insert(label, copied, in: batch) }
        for label in 1_000..<UInt32(1_200) { try index.insert(label, vectors.isotropic(), in: batch) }
        #expect(index.checkInvariants() == [])
        #expect(try index.search(copied, count: 5, efSearch: 8, excluding: 2).map(\.label) == [0, 1, 3, 4, 5])
        let own = try #require(index.vector(1_100))
        #expect(try index.search(own, count: 1, efSearch: 8).map(\.label) == [1_100])
        for label in 0..<UInt32(999) { try index.remove(label, in: batch) }
        #expect(try index.search(copied, count: 1, efSearch: 8).map(\.label) == [999])
        try index.remove(999, in: batch)
        #expect(index.count == 200)
        #expect(index.checkInvariants() == [])
        #expect(try index.checkRows(in: batch) == [])
    }

    @Test("Zero vectors are kept and similar to nothing")
    func zeros() throws {
        let index = try VectorIndex(store: store, namespace: [], parameters: VectorIndexParameters(dimension: 4))
        let batch = store.makeBatch()
        try index.insert(1, [0, 0, 0, 0], in: batch)
        try index.insert(2, [0, 0, 0, 0], in: batch)
        try index.insert(3, [0, 2, 0, 0], in: batch)
        #expect(index.vector(3) == [0, 1, 0, 0])
        #expect(try index.similarity([0, 5, 0, 0], 3) == 1)
        #expect(try index.similarity([0, 5, 0, 0], 1) == 0)
        #expect(try index.search([0, 1, 0, 0], count: 9).map(\.label) == [3, 1, 2])
        #expect(try index.search([0, 0, 0, 0], count: 9).map(\.label) == [1, 2, 3])
        #expect(index.checkInvariants() == [])
    }

    @Test("Wrong vectors are refused and change nothing")
    func refused() throws {
        let index = try VectorIndex(store: store, namespace: [], parameters: VectorIndexParameters(dimension: 2))
        let batch = store.makeBatch()
        try index.insert(7, [1, 0], in: batch)
        for vector: [Float] in [[], [1], [1, 0, 0], [.nan, 0], [0, -.infinity]] {
            #expect(throws: StoreError.self) { try index.insert(7, vector, in: batch) }
            #expect(throws: StoreError.self) { try index.search(vector, count: 1) }
        }
        #expect(index.vector(7) == [1, 0])
        #expect(try index.search([1e-30, 0], count: 1) == [Neighbour(label: 7, similarity: 1)])
        #expect(try index.search([1e30, 0], count: 0) == [])
        #expect(throws: StoreError.self) {
            try VectorIndex(store: store, namespace: [], parameters: VectorIndexParameters(dimension: 0))
        }
    }

    @Test("Namespaces do not see each other, and other parameters are refused")
    func namespaces() throws {
        let first = try VectorIndex(store: store, namespace: [1], parameters: VectorIndexParameters(dimension: 3))
        let second = try VectorIndex(store: store, namespace: [1, 0], parameters: VectorIndexParameters(dimension: 5))
        let batch = store.makeBatch()
        var vectors = Vectors(dimension: 3, seed: 2)
        for label in 0..<UInt32(50) { try first.insert(label, vectors.isotropic(), in: batch) }
        try second.insert(3, [1, 0, 0, 0, 0], in: batch)
        try batch.commit()
        #expect(try VectorIndex(store: store, namespace: [1], parameters: first.parameters).count == 50)
        #expect(throws: StoreError.self) {
            try VectorIndex(store: store, namespace: [1], parameters: VectorIndexParameters(dimension: 5))
        }
        try VectorIndex.wipe(namespace: [1], in: batch)
        try batch.commit()
        #expect(try VectorIndex(store: store, namespace: [1], parameters: first.parameters).count == 0)
        #expect(try second.checkRows(in: store) == [])
        // After a wipe the namespace is free for other parameters.
        #expect(
            try VectorIndex(store: store, namespace: [1], parameters: VectorIndexParameters(dimension: 5)).count == 0)
    }

    @Test("A store that lost rows is refused, not served")
    func damage() throws {
        let parameters = VectorIndexParameters(dimension: 8)
        let index = try VectorIndex(store: store, namespace: [], parameters: parameters)
        let batch = store.makeBatch()
        var vectors = Vectors(dimension: 8, seed: 3)
        for label in 0..<UInt32(30) { try index.insert(label, vectors.isotropic(), in: batch) }
        try batch.commit()
        var victim: [UInt8]?
        try store.scan(VectorIndex.families[0], prefix: [0, 1, 1]) { key, _ throws(StoreError) in
            victim = Array(key)
            return false
        }
        try batch.delete(VectorIndex.families[0], #require(victim))
        try batch.commit()
        let error = #expect(throws: StoreError.self) {
            try VectorIndex(store: store, namespace: [], parameters: parameters)
        }
        #expect(error?.kind == .corrupted)
    }

    @Test("The same operations give the same rows, whether or not the index was reopened between them")
    func reproducible() throws {
        let other = try TemporaryFolder()
        let otherStore = try Store(path: other.path, families: VectorIndex.families)
        let parameters = VectorIndexParameters(dimension: 20, m: 3, efConstruction: 10)
        var kept = try VectorIndex(store: store, namespace: [], parameters: parameters)
        var reopened = try VectorIndex(store: otherStore, namespace: [], parameters: parameters)
        let batch = store.makeBatch()
        let otherBatch = otherStore.makeBatch()
        var vectors = Vectors(dimension: 20, seed: 4)
        for step in 0..<600 {
            let label = UInt32(vectors.pick(0..<120))
            if vectors.pick(0..<3) == 0 {
                try kept.remove(label, in: batch)
                try reopened.remove(label, in: otherBatch)
            } else {
                let vector = vectors.clustered()
                try kept.insert(label, vector, in: batch)
                try reopened.insert(label, vector, in: otherBatch)
            }
            if step % 50 == 0 {
                try otherBatch.commit()
                reopened = try VectorIndex(store: otherStore, namespace: [], parameters: parameters)
            }
        }
        try batch.commit()
        try otherBatch.commit()
        #expect(try kept.checkRows(in: otherStore) == [])
        kept = reopened
        #expect(try kept.checkRows(in: store) == [])
    }
}
