import NoteLLM
import StateStore

/// Pooled states of notes on disk, in half precision, which is exact for them: only new texts are read by the language
/// model. Owned by one thread.
package final class StateCache {
    private static let states = ColumnFamily("states")
    /// Texts read between two looks at the stop signal; what is read is kept.
    private static let portion = 16

    private let store: Store

    /// Opens the cache of a folder.
    package init(path: String) throws {
        store = try Store(path: path, families: [Self.states])
    }

    deinit { store.close() }

    private static func key(_ readingKey: String, _ text: NoteText) -> [UInt8] {
        KeyBuilder().id(Array(readingKey.utf8)).bytes + ContentHash(text).bytes
    }

    /// The states of some texts, in their order.
    ///
    /// - Parameters:
    ///   - readingKey: what states depend on beside the text.
    ///   - isStopped: looked at between portions.
    ///   - progress: texts done, texts to be read.
    ///   - read: the language model.
    /// - Returns: nil when it was stopped.
    package func states(
        of texts: [NoteText], readingKey: String, isStopped: () -> Bool, progress: (Int, Int) -> Void,
        read: ([NoteText]) throws -> [[Float]]
    ) throws -> [[Float]]? {
        let keys = texts.map { Self.key(readingKey, $0) }
        var states: [[Float]?] = []
        for key in keys { states.append(try store.get(Self.states, key).map(Half.decoded)) }
        let missing = states.indices.filter { states[$0] == nil }
        for start in stride(from: 0, to: missing.count, by: Self.portion) {
            if isStopped() { return nil }
            progress(start, missing.count)
            let places = missing[start..<min(start + Self.portion, missing.count)]
            let batch = store.makeBatch()
            for (place, state) in zip(places, try read(places.map { texts[$0] })) {
                states[place] = state
                try batch.put(Self.states, keys[place], Half.encoded(state))
            }
            try batch.commit()
        }
        if !missing.isEmpty { progress(missing.count, missing.count) }
        try prune(keeping: Set(keys))
        return states.compactMap { $0 }
    }

    /// Drops states that nobody asked for, once they are the most.
    private func prune(keeping: Set<[UInt8]>) throws {
        var others: [[UInt8]] = []
        try store.scan(Self.states, prefix: [], from: nil, reverse: false) { key, _ throws(StoreError) in
            if !keeping.contains([UInt8](key)) { others.append([UInt8](key)) }
            return true
        }
        guard others.count > max(1_000, 2 * keeping.count) else { return }
        let batch = store.makeBatch()
        for key in others { try batch.delete(Self.states, key) }
        try batch.commit()
    }
}
