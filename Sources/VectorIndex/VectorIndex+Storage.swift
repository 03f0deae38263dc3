import StateStore

extension VectorIndex {
    /// Stages the parameters' row before an index's first change.
    func recordParameters(in batch: Batch) throws(StoreError) {
        guard !isRecorded else { return }
        try batch.put(Rows.vectors, rows.parametersKey, Rows.parametersValue(parameters))
        isRecorded = true
    }

    /// Stages the rows of links that the last operation changed.
    func stageLinks(in batch: Batch) throws(StoreError) {
        for row in graph.takeChanges() {
            let key = rows.links(level: row.level, slot: row.slot)
            if graph.isLive(row.slot), graph.levels.base[Int(row.slot)] >= row.level {
                let value = Rows.linksValue(of: row.slot, in: graph.layers[Int(row.level)])
                try batch.put(Rows.links, key, value)
            } else {
                try batch.delete(Rows.links, key)
            }
        }
    }

    /// Fills the empty index from its rows.
    func load() throws(StoreError) {
        guard let stored = try store.get(Rows.vectors, rows.parametersKey) else { return }
        guard stored == Rows.parametersValue(parameters) else {
            throw StoreError(
                .invalidArgument, path: store.path,
                "the stored vector index was made with other parameters than \(parameters); use those, or another"
                    + " namespace")
        }
        isRecorded = true
        try loadNodes()
        try loadLinks()
        try loadLabels()
    }

    private func loadNodes() throws(StoreError) {
        let dimension = parameters.dimension
        try store.scan(Rows.vectors, prefix: rows.prefix(of: .node)) { key, value throws(StoreError) in
            let slot = try rows.parse(key).number
            guard value.count == 1 + 4 * dimension, value[0] < 16, slot < 1 << 31 else {
                throw Rows.damaged("the node in slot \(slot)")
            }
            let vector = Rows.vector(value, dimension: dimension)
            vector.withUnsafeBufferPointer { graph.place(slot, level: Int(value[0]), vector: $0) }
            graph.offerEntry(slot)
            let content = contentHash(vector)
            if nodes[content] == nil { nodes[content] = slot }
            return true
        }
    }

    private func loadLinks() throws(StoreError) {
        try store.scan(Rows.links, prefix: rows.prefix) { key, value throws(StoreError) in
            let (level, slot) = try rows.parse(key)
            let count = value.count / 4
            guard value.count % 4 == 0, reaches(slot, level), count <= graph.layers[Int(level)].width else {
                throw Rows.damaged("the links of slot \(slot) on level \(level)")
            }
            for index in 0..<count {
                let link = UInt32(littleEndian: value.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
                let target = link & ~Rows.pinnedBit
                guard target != slot, reaches(target, level) else {
                    throw Rows.damaged("the link of slot \(slot) to \(target) on level \(level)")
                }
                graph.layers[Int(level)].restore(target, at: index, of: slot, isPinned: link != target)
            }
            return true
        }
    }

    private func reaches(_ slot: UInt32, _ level: UInt8) -> Bool {
        graph.isLive(slot) && graph.levels.base[Int(slot)] >= level
    }

    private func loadLabels() throws(StoreError) {
        try store.scan(Rows.vectors, prefix: rows.prefix(of: .label)) { key, value throws(StoreError) in
            let label = try rows.parse(key).number
            guard value.count == 4 else { throw Rows.damaged("the slot of label \(label)") }
            let slot = UInt32(littleEndian: value.loadUnaligned(as: UInt32.self))
            guard graph.isLive(slot) else { throw Rows.damaged("the slot of label \(label), \(slot)") }
            members.add(label, to: slot)
            return true
        }
    }
}
