import Foundation
import StateStore
import VectorIndex

/// Measures the vector index on seeded clustered vectors and leaves them, with exact answers, for its rival to read:
/// `x.f32`, `q.f32` (rows of floats) and `truth.i32` (rows of ten ordinals). Last line: JSON.
///
///     index-bench DIR vectors queries
@main
struct IndexBenchmark {
    static let dimension = 128
    static let neighbours = 10

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let total = Int(arguments[2]), let queryCount = Int(arguments[3]) else {
            print("usage: index-bench DIR vectors queries")
            exit(2)
        }
        let folder = URL(filePath: arguments[1])
        var source = ClusteredVectors(dimension: dimension, clusters: 1_000, seed: 20_240_601)
        let vectors = (0..<total).map { _ in source.next() }
        let queries = (0..<queryCount).map { _ in source.next() }
        try write(vectors.flatMap(\.self), to: folder.appending(path: "x.f32"))
        try write(queries.flatMap(\.self), to: folder.appending(path: "q.f32"))

        let path = folder.appending(path: "store").path
        let store = try Store(path: path, families: VectorIndex.families)
        let index = try VectorIndex(store: store, namespace: [])
        let inserts = Double(total) / (try insert(vectors, into: index, store))
        print("inserts, stored and committed each 1,000: \(Int(inserts)) per CPU second")

        let truth = try queries.map { try index.exactSearch($0, count: neighbours).map { Int32($0.label) } }
        try write(truth.flatMap(\.self), to: folder.appending(path: "truth.i32"))
        let curve = try sweep(index, queries, truth)

        let updates = min(5_000, total / 10)
        let changing = try cpuSeconds {
            let batch = store.makeBatch()
            for label in 0..<updates { try index.insert(UInt32(label), vectors[total - 1 - label], in: batch) }
            for label in 0..<updates { try index.insert(UInt32(label), vectors[label], in: batch) }
            try batch.commit()
        }
        print("updates: \(Int(Double(2 * updates) / changing)) per CPU second")
        store.close()
        let reopened = try Store(path: path, families: VectorIndex.families)
        let loading = try cpuSeconds { _ = try VectorIndex(store: reopened, namespace: []) }
        print("loading: \(String(format: "%.2f", loading)) CPU seconds")

        var figures: [String: Double] = [
            "inserts_per_s": inserts, "queries_per_s_95": rate(curve, at: 0.95),
            "queries_per_s_99": rate(curve, at: 0.99),
            "updates_per_s": Double(2 * updates) / changing, "load_cpu_s": loading,
        ]
        figures.merge(try LexicalBenchmark.run(folder: folder, documents: total)) { $1 }
        print(
            String(decoding: try JSONSerialization.data(withJSONObject: figures, options: .sortedKeys), as: UTF8.self))
    }

    /// CPU seconds of the whole process, the store's own threads included.
    static func insert(_ vectors: [[Float]], into index: VectorIndex, _ store: Store) throws -> Double {
        let batch = store.makeBatch()
        return try cpuSeconds {
            for (label, vector) in vectors.enumerated() {
                try index.insert(UInt32(label), vector, in: batch)
                if label % 1_000 == 999 { try batch.commit() }
            }
            try batch.commit()
        }
    }

    struct Point {
        let recall: Double
        let rate: Double
    }

    static func sweep(_ index: VectorIndex, _ queries: [[Float]], _ truth: [[Int32]]) throws -> [Point] {
        var curve: [Point] = []
        for width in [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768] {
            var found: [[Neighbour]] = []
            let times = try (0..<3).map { _ in
                try cpuSeconds {
                    found = try queries.map { try index.search($0, count: neighbours, efSearch: width) }
                }
            }
            let hits = zip(found, truth).reduce(0) { sum, pair in
                sum + pair.0.count { pair.1.contains(Int32($0.label)) }
            }
            let recall = Double(hits) / Double(neighbours * queries.count)
            curve.append(Point(recall: recall, rate: Double(queries.count) / times.sorted()[1]))
            print(
                "ef \(width): recall \(String(format: "%.4f", recall)), \(Int(curve.last?.rate ?? 0)) queries per CPU second"
            )
            if recall > 0.993 { break }
        }
        return curve
    }

    /// Queries per second at a recall, between the two points around it; 0 when it is not reached.
    static func rate(_ curve: [Point], at recall: Double) -> Double {
        for (below, above) in zip(curve, curve.dropFirst()) where below.recall < recall && above.recall >= recall {
            let share = (recall - below.recall) / (above.recall - below.recall)
            return exp(log(below.rate) * (1 - share) + log(above.rate) * share)
        }
        return curve.first.map { $0.recall >= recall ? $0.rate : 0 } ?? 0
    }
}

func cpuSeconds(_ body: () throws -> Void) rethrows -> Double {
    let start = clock()
    try body()
    return Double(clock() - start) / Double(CLOCKS_PER_SEC)
}

func write<Number: BitwiseCopyable>(_ numbers: [Number], to url: URL) throws {
    try numbers.withUnsafeBytes { try Data($0).write(to: url) }
}

/// Unit vectors around random centres.
struct ClusteredVectors {
    private var state: UInt64
    private var centres: [[Float]] = []
    private let dimension: Int

    init(dimension: Int, clusters: Int, seed: UInt64) {
        self.dimension = dimension
        state = seed
        for _ in 0..<clusters { centres.append(unit((0..<dimension).map { _ in normal() })) }
    }

    mutating func next() -> [Float] {
        let centre = centres[Int(uniform() * Double(centres.count))]
        return unit(centre.map { $0 + 0.12 * normal() })
    }

    /// In 0..<1, by SplitMix64.
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }

    private mutating func normal() -> Float {
        Float((-2 * log(1 - uniform())).squareRoot() * cos(2 * Double.pi * uniform()))
    }

    private func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }
}
