import Foundation
import LexicalIndex
import StateStore
import Support
import Testing

/// Seeded sequences of operations against a scan over all documents.
@Suite("Lexical index against a scan") struct LexicalSequenceTests {
    @Test("Scores, order, rows and invariants agree in 200 sequences", arguments: 0..<10)
    func sequences(_ group: UInt64) throws {
        for seed in group * 20..<(group + 1) * 20 {
            var run = try LexicalRun(seed: seed)
            try run.perform(operations: 150)
        }
    }

    @Test("A query beyond its bound uses its rarest terms")
    func bound() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path, families: LexicalIndex.families)
        let index = try LexicalIndex(store: store, namespace: [], parameters: LexicalParameters(postingsPerQuery: 30))
        let batch = store.makeBatch()
        for label in 0..<UInt32(100) {
            try index.insert(label, title: label % 10 == 0 ? "rare" : "", content: "common", in: batch)
        }
        let found = index.search(["common", "rare"], count: 100)
        #expect(found.map(\.label) == (0..<10).map { $0 * 10 })
        #expect(index.score(["common", "rare"], [0, 1]) == [found[0].score, 0])
    }

    @Test("Searches reach documents in every block of slots")
    func blocks() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path, families: LexicalIndex.families)
        let index = try LexicalIndex(store: store, namespace: [])
        let batch = store.makeBatch()
        for label in 0..<UInt32(7_000) {
            try index.insert(label, terms: ["all": 1, "of\(label % 1_000)": 2], in: batch)
        }
        #expect(index.search(["of999", "all"], count: 7).map(\.label) == (0..<7).map { $0 * 1_000 + 999 })
        #expect(index.search(["all"], count: 8_000).map(\.label) == Array(0..<7_000))
        #expect(index.checkInvariants() == [])
    }

    @Test("Rows made with another title weight are refused in plain words")
    func otherParameters() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path, families: LexicalIndex.families)
        let batch = store.makeBatch()
        try LexicalIndex(store: store, namespace: []).insert(1, title: "a", content: "b", in: batch)
        try batch.commit()
        #expect(throws: StoreError.self) {
            try LexicalIndex(store: store, namespace: [], parameters: LexicalParameters(titleWeight: 3))
        }
        #expect(try LexicalIndex(store: store, namespace: [9]).count == 0)
    }
}

private struct LexicalRun {
    let folder: TemporaryFolder
    var store: Store
    var index: LexicalIndex
    var batch: Batch
    var generator: SeededGenerator
    var model: [UInt32: (title: String, content: String)] = [:]
    var committed: [UInt32: (title: String, content: String)] = [:]
    let parameters = LexicalParameters(titleWeight: 3)
    let seed: UInt64

    init(seed: UInt64) throws {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
        folder = try TemporaryFolder()
        store = try Store(path: folder.path, families: LexicalIndex.families)
        index = try LexicalIndex(store: store, namespace: [0, 7], parameters: parameters)
        batch = store.makeBatch()
    }

    mutating func perform(operations: Int) throws {
        for _ in 0..<operations {
            let label = UInt32.random(in: 0..<60, using: &generator) &* 71_000_003
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<50:
                let text = (title: text(upTo: 4), content: text(upTo: 20))
                try index.insert(label, title: text.title, content: text.content, in: batch)
                model[label] = text
            case 50..<70:
                try index.remove(label, in: batch)
                model[label] = nil
            case 70..<88: try search(label)
            case 88..<94: try commit()
            case 94..<97:
                batch.discard()
                try index.reload()
                model = committed
            default:
                try commit()
                store.close()
                store = try Store(path: folder.path, families: LexicalIndex.families)
                index = try LexicalIndex(store: store, namespace: [0, 7], parameters: parameters)
                batch = store.makeBatch()
            }
        }
        try search(model.keys.min() ?? 0)
        try check(batch)
        try commit()
        try check(store)
        try LexicalIndex.wipe(namespace: [0, 7], in: batch)
        model = [:]
        try commit()
        index = try LexicalIndex(store: store, namespace: [0, 7], parameters: parameters)
        try check(store)
    }

    /// Words drawn so that some are common and some rare, with none at times.
    private mutating func text(upTo count: Int) -> String {
        (0..<Int.random(in: 0...count, using: &generator)).map { _ in
            let spread = Int.random(in: 1...40, using: &generator)
            return "w\(Int.random(in: 0..<spread, using: &generator))"
        }.joined(separator: " ")
    }

    private mutating func commit() throws {
        try batch.commit()
        committed = model
    }

    private mutating func search(_ label: UInt32) throws {
        let query = model[label].map { $0.title + " " + $0.content } ?? text(upTo: 10)
        let terms = Terms.split(query)
        let expected = scan(terms, excluding: label)
        let found = index.search(terms, count: 7, excluding: label)
        #expect(found.count == min(7, expected.count))
        for (match, wanted) in zip(found, expected) {
            #expect(abs(match.score - wanted.score) <= 1e-12 * max(1, wanted.score), "seed \(seed)")
            #expect(match.score == index.score(terms, [match.label])[0], "a score has the same bits either way")
        }
        // Labels may only differ from the scan's where scores are as good as equal.
        let scores = Dictionary(uniqueKeysWithValues: expected.map { ($0.label, $0.score) })
        for match in found { #expect(abs((scores[match.label] ?? -1) - match.score) < 1e-9) }
        if model[label] != nil { #expect(index.search(like: label, count: 7) == found) }
        let labels = Array(model.keys).filter { $0 != label } + [4_000_000_000]
        for (label, score) in zip(labels, index.score(terms, labels)) {
            #expect(abs(score - (scores[label] ?? 0)) < 1e-9)
        }
    }

    /// BM25 by its formula, over every document.
    private func scan(_ terms: [String], excluding: UInt32?) -> [LexicalMatch] {
        let documents = model.mapValues { text in
            Terms.split(text.title).flatMap { [String](repeating: $0, count: parameters.titleWeight) }
                + Terms.split(text.content)
        }
        let average = Double(documents.values.reduce(0) { $0 + $1.count }) / Double(max(1, documents.count))
        let documentFrequencies = Set(terms).map { term in
            (term, Double(documents.values.count { $0.contains(term) }))
        }
        let matches = documents.compactMap { label, words -> LexicalMatch? in
            guard label != excluding else { return nil }
            var score = 0.0
            for (term, matching) in documentFrequencies {
                let frequency = Double(words.count { $0 == term })
                guard frequency > 0 else { continue }
                let inverse = log(1 + (Double(documents.count) - matching + 0.5) / (matching + 0.5))
                let length = parameters.k1 * (1 - parameters.b + parameters.b * Double(words.count) / average)
                score += inverse * frequency * (parameters.k1 + 1) / (frequency + length)
            }
            return score > 0 ? LexicalMatch(label: label, score: score) : nil
        }
        return matches.sorted { $0.score != $1.score ? $0.score > $1.score : $0.label < $1.label }
    }

    private func check(_ reader: some StateReader) throws {
        #expect(index.checkInvariants() == [], "seed \(seed)")
        #expect(try index.checkRows(in: reader) == [], "seed \(seed)")
        #expect(Set(index.labels) == Set(model.keys), "seed \(seed)")
        #expect(index.count == model.count)
    }
}
