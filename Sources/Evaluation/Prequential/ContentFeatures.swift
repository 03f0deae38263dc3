import Foundation
import LexicalIndex
import Ranking
import StateStore

/// The parts of a pair that come from what the notes say: cosine of the embeddings and lexical share, by the index that
/// the recommend stage keeps. Notes enter in the order of their creation.
package final class ContentFeatures {
    private let log: EngagementLog
    /// notes × dimension, row-major, unit rows; empty without embeddings.
    private let embeddings: [Float]
    private let dimension: Int
    private let index: LexicalIndex
    private let store: Store
    private let batch: Batch
    private let folder: URL
    private var indexed = 0

    /// - Parameter embeddings: one vector per note of the log, by number; empty when there are none (cosine 0).
    package init(_ log: EngagementLog, embeddings: [[Float]]) throws(StoreError) {
        self.log = log
        dimension = embeddings.first?.count ?? 0
        self.embeddings = embeddings.flatMap(Self.unit)
        folder = FileManager.default.temporaryDirectory.appending(path: "notestream-evaluate-\(UUID().uuidString)")
        store = try Store(path: folder.path, families: LexicalIndex.families)
        index = try LexicalIndex(store: store, namespace: [])
        batch = store.makeBatch()
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Indexes the notes up to the first `count`.
    package func index(upTo count: Int) throws(StoreError) {
        guard indexed < count else { return }
        for number in indexed..<count {
            let note = log.notes[number]
            try index.insert(UInt32(number), title: note.title, content: note.content, in: batch)
        }
        try batch.commit()
        indexed = count
    }

    /// Features of the pairs (note, every note below `count`), without co-occurrence. `note` itself is among them.
    package func pairs(of note: Int, count: Int) -> [RelatedFeatures] {
        pairs(of: note, with: Array(0..<count))
    }

    /// The same for some notes, in their order.
    func pairs(of note: Int, with others: [Int]) -> [RelatedFeatures] {
        let scores = index.score(like: UInt32(note), (others + [note]).map { UInt32($0) })
        let own = scores.last ?? 0
        return zip(others, scores).map { other, score in
            RelatedFeatures(
                cosine: Double(cosine(note, other)),
                lexical: RelatedFeatures.lexicalShare(score: score, ownScore: own))
        }
    }

    /// The cosine of two notes' embeddings; 0 without embeddings.
    func cosine(_ first: Int, _ second: Int) -> Float {
        embeddings.withUnsafeBufferPointer { values in
            var sum: Float = 0
            let (a, b) = (first * dimension, second * dimension)
            for place in 0..<dimension { sum += values[a + place] * values[b + place] }
            return sum
        }
    }

    private static func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
    }
}
