import StateStore
import Support
import Testing
import VectorIndex

@Suite("Recall") struct RecallTests {
    private let dimension = 128

    @Test("Recall@10 stays above .97 on 20,000 mixed vectors after 30 % of deletes and updates")
    func churn() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path, families: VectorIndex.families)
        let index = try VectorIndex(store: store, namespace: [])
        let batch = store.makeBatch()
        var vectors = Vectors(dimension: dimension, clusters: 300, seed: 3)
        let total: UInt32 = 20_000
        for label in 0..<total { try index.insert(label, mixed(&vectors), in: batch) }
        try batch.commit()
        for round in 0..<UInt32(total * 3 / 10) {
            let label = round * 7 % total
            if round % 2 == 0 {
                try index.remove(label, in: batch)
            } else {
                try index.insert(label, mixed(&vectors), in: batch)
            }
        }
        try batch.commit()
        #expect(index.checkInvariants() == [])
        #expect(try index.checkRows(in: store) == [])
        var found = 0
        let queries = 500
        for _ in 0..<queries {
            let query = mixed(&vectors)
            let exact = Set(try index.exactSearch(query, count: 10).map(\.label))
            found += try index.search(query, count: 10, efSearch: 400).count { exact.contains($0.label) }
        }
        let recall = Double(found) / Double(10 * queries)
        print("recall@10 after churn: \(recall)")
        #expect(recall >= 0.97)
    }

    private func mixed(_ vectors: inout Vectors) -> [Float] {
        switch vectors.pick(0..<10) {
        case 0..<6: vectors.clustered()
        case 6: vectors.outlying()
        default: vectors.isotropic()
        }
    }

    @Test("Outlier dimensions do not cost recall")
    func outliers() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path, families: VectorIndex.families)
        let index = try VectorIndex(store: store, namespace: [])
        let batch = store.makeBatch()
        var vectors = Vectors(dimension: dimension, clusters: 100, seed: 4)
        for label in 0..<UInt32(5_000) { try index.insert(label, vectors.outlying(), in: batch) }
        var found = 0
        for _ in 0..<200 {
            let query = vectors.outlying()
            let exact = Set(try index.exactSearch(query, count: 10).map(\.label))
            found += try index.search(query, count: 10, efSearch: 100).count { exact.contains($0.label) }
        }
        print("recall@10 with outlier dimensions: \(Double(found) / 2000)")
        #expect(found >= 1940)
    }
}
