import Foundation
import LexicalIndex
import StateStore

/// Measures the lexical index on seeded documents of sixty words, whose frequencies follow Zipf's law as those of notes do.
enum LexicalBenchmark {
    static func run(folder: URL, documents: Int) throws -> [String: Double] {
        let path = folder.appending(path: "lexical").path
        let store = try Store(path: path, families: LexicalIndex.families)
        let index = try LexicalIndex(store: store, namespace: [])
        let batch = store.makeBatch()
        var words = ZipfWords(vocabulary: 50_000, seed: 7)
        let texts = (0..<documents).map { _ in (title: words.text(8), content: words.text(52)) }
        let inserting = try cpuSeconds {
            for (label, text) in texts.enumerated() {
                try index.insert(UInt32(label), title: text.title, content: text.content, in: batch)
                if label % 1_000 == 999 { try batch.commit() }
            }
            try batch.commit()
        }
        let queries = min(500, documents)
        let searching = cpuSeconds {
            for label in 0..<queries { _ = index.search(like: UInt32(label), count: 50) }
        }
        store.close()
        let reopened = try Store(path: path, families: LexicalIndex.families)
        let loading = try cpuSeconds { _ = try LexicalIndex(store: reopened, namespace: []) }
        let figures = [
            "lexical_inserts_per_s": Double(documents) / inserting,
            "lexical_queries_per_s": Double(queries) / searching,
            "lexical_load_cpu_s": loading,
        ]
        for (name, figure) in figures.sorted(by: { $0.key < $1.key }) {
            print("\(name): \(String(format: "%.2f", figure))")
        }
        return figures
    }
}

/// Words by frequency: the n-th is drawn in proportion to 1/n.
private struct ZipfWords {
    private var state: UInt64
    private let scale: Double

    init(vocabulary: Int, seed: UInt64) {
        state = seed
        scale = log(Double(vocabulary))
    }

    mutating func text(_ count: Int) -> String {
        (0..<count).map { _ in "word\(Int(exp(uniform() * scale)))" }.joined(separator: " ")
    }

    private mutating func uniform() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) * 0x1p-53
    }
}
