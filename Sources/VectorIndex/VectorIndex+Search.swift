import CKernels
import StateStore

extension VectorIndex {
    /// The labels whose vectors are most similar to `query`, best first; equal similarities by label.
    ///
    /// - Parameters:
    ///   - count: how many are wanted.
    ///   - efSearch: width of the beam; wider finds more of the true neighbours and takes longer. By default four times
    ///     `count`, at least 64. An index no larger than the beam is searched exactly.
    ///   - excluding: a label to leave out, such as the query's own.
    /// - Throws: `.invalidArgument` for a query of another dimension or with numbers that are not finite.
    public func search(
        _ query: [Float], count: Int, efSearch: Int? = nil, excluding: UInt32? = nil
    ) throws(StoreError) -> [Neighbour] {
        let query = try normalised(query, of: "the query")
        let wanted = count + (excluding == nil ? 0 : 1)
        guard count > 0 else { return [] }
        let width = max(efSearch ?? max(64, 4 * count), wanted)
        if graph.nodeCount <= width { return exactNeighbours(query, count: count, excluding: excluding) }
        return query.withUnsafeBufferPointer { query in
            graph.search(query, width: width)
            return rerank(query, wanted: wanted, count: count, excluding: excluding)
        }
    }

    /// Answers by the exact similarity among the nearest by code. Codes misplace a node by a few ranks, so twice as many
    /// as wanted are enough.
    private func rerank(
        _ query: UnsafeBufferPointer<Float>, wanted: Int, count: Int, excluding: UInt32?
    ) -> [Neighbour] {
        guard let queryBase = query.baseAddress else { return [] }
        let reranked = min(graph.pool.count, max(2 * wanted, wanted + 10))
        let sorted = graph.pool.sorted
        let vectorBytes = graph.dimension * MemoryLayout<Float>.size
        let ahead = 6
        for index in 0..<min(ahead, reranked) { prefetchVector(slotOfEntry(sorted[index]), vectorBytes) }
        var found: [Neighbour] = []
        found.reserveCapacity(reranked)
        for index in 0..<reranked {
            if index + ahead < reranked { prefetchVector(slotOfEntry(sorted[index + ahead]), vectorBytes) }
            let slot = slotOfEntry(sorted[index])
            let similarity = graph.similarity(queryBase, slot)
            members.forEachLabel(of: slot, limit: wanted) { label in
                if label != excluding { found.append(Neighbour(label: label, similarity: similarity)) }
            }
        }
        found.sort(by: Neighbour.precedes)
        return Array(found.prefix(count))
    }

    @inline(__always)
    private func prefetchVector(_ slot: UInt32, _ bytes: Int) {
        kernel_prefetch(graph.vectors.base + Int(slot) * graph.dimension, bytes)
    }

    /// The truth that ``search(_:count:efSearch:excluding:)`` approximates: every vector is compared.
    ///
    /// - Throws: `.invalidArgument` for a query of another dimension or with numbers that are not finite.
    public func exactSearch(
        _ query: [Float], count: Int, excluding: UInt32? = nil
    ) throws(StoreError) -> [Neighbour] {
        exactNeighbours(try normalised(query, of: "the query"), count: count, excluding: excluding)
    }

    private func exactNeighbours(_ query: [Float], count: Int, excluding: UInt32?) -> [Neighbour] {
        guard count > 0 else { return [] }
        let wanted = count + (excluding == nil ? 0 : 1)
        var best: [Neighbour] = []
        best.reserveCapacity(2 * wanted + 1)
        var worst = -Float.infinity
        query.withUnsafeBufferPointer { query in
            guard let queryBase = query.baseAddress else { return }
            for slot in 0..<UInt32(graph.slotBound) where graph.isLive(slot) {
                let similarity = graph.similarity(queryBase, slot)
                guard similarity >= worst else { continue }
                members.forEachLabel(of: slot, limit: wanted) { label in
                    if label != excluding { best.append(Neighbour(label: label, similarity: similarity)) }
                }
                if best.count >= 2 * wanted {
                    best.sort(by: Neighbour.precedes)
                    best.removeSubrange(count...)
                    worst = best[count - 1].similarity
                }
            }
        }
        best.sort(by: Neighbour.precedes)
        return Array(best.prefix(count))
    }

    /// Cosine of `query` and the vector of `label`; nil when the label is not in the index.
    ///
    /// - Throws: `.invalidArgument` for a query of another dimension or with numbers that are not finite.
    public func similarity(_ query: [Float], _ label: UInt32) throws(StoreError) -> Float? {
        let query = try normalised(query, of: "the query")
        guard let slot = members.slot(of: label) else { return nil }
        return query.withUnsafeBufferPointer { query in query.baseAddress.map { graph.similarity($0, slot) } }
    }

    /// Cosine of the vectors of two labels; nil when either is not in the index.
    public func similarity(_ left: UInt32, _ right: UInt32) -> Float? {
        guard let left = members.slot(of: left), let right = members.slot(of: right) else { return nil }
        return graph.similarity(graph.vector(of: left).baseAddress ?? UnsafePointer(graph.vectors.base), right)
    }
}
