import StateStore

extension VectorIndex {
    /// What is wrong with the index in memory, in plain words; empty when it is sound.
    public func checkInvariants() -> [String] {
        var problems = graph.checkInvariants()
        var labelled = Set<UInt32>()
        for (label, slot) in members.slots {
            if !graph.isLive(slot) { problems.append("label \(label) is in the free slot \(slot)") }
            var isListed = false
            members.forEachLabel(of: slot, limit: .max) { isListed = isListed || $0 == label }
            if !isListed { problems.append("slot \(slot) does not list label \(label)") }
            labelled.insert(slot)
        }
        if labelled.count != graph.nodeCount {
            problems.append("\(graph.nodeCount) nodes, of which \(labelled.count) have labels")
        }
        if nodes.count != graph.nodeCount { problems.append("\(nodes.count) vectors known, \(graph.nodeCount) nodes") }
        for (content, slot) in nodes
        where !graph.isLive(slot) || contentHash(Array(graph.vector(of: slot))) != content {
            problems.append("slot \(slot) holds another vector than the one it is known by")
        }
        return problems
    }

    /// What differs between the index in memory and its rows, as `reader` sees them: the batch of the last change, or the
    /// store after its commit.
    public func checkRows(in reader: some StateReader) throws(StoreError) -> [String] {
        var expected: [[UInt8]: [UInt8]] = [:]
        if isRecorded { expected[rows.parametersKey] = Rows.parametersValue(parameters) }
        for (label, slot) in members.slots { expected[rows.label(label)] = Rows.slotValue(slot) }
        var expectedLinks: [[UInt8]: [UInt8]] = [:]
        for slot in 0..<UInt32(graph.slotBound) where graph.isLive(slot) {
            let level = Int(graph.levels.base[Int(slot)])
            expected[rows.node(slot)] = Rows.nodeValue(level: level, vector: Array(graph.vector(of: slot)))
            for level in 0...level {
                expectedLinks[rows.links(level: Int8(level), slot: slot)] =
                    Rows.linksValue(of: slot, in: graph.layers[level])
            }
        }
        return try differences(expected, Rows.vectors, reader) + differences(expectedLinks, Rows.links, reader)
    }

    private func differences(
        _ expected: [[UInt8]: [UInt8]], _ family: ColumnFamily, _ reader: some StateReader
    ) throws(StoreError) -> [String] {
        var problems: [String] = []
        var seen = 0
        try reader.scan(family, prefix: rows.prefix) { key, value throws(StoreError) in
            seen += 1
            if let wanted = expected[Array(key)] {
                if !wanted.elementsEqual(value) { problems.append("\(family.name): \(Array(key)) differs") }
            } else {
                problems.append("\(family.name): \(Array(key)) should not be there")
            }
            return true
        }
        if seen != expected.count {
            problems.append("\(family.name): \(seen) rows, \(expected.count) expected")
        }
        return problems
    }
}

extension Graph {
    /// Links in range, without repetition or self, to live nodes of the level; incoming lists that mirror them; pinned links
    /// that are links, go both ways, are few enough and make one tree.
    func checkInvariants() -> [String] {
        var problems: [String] = []
        let live = (0..<UInt32(slotBound)).filter(isLive)
        if live.count != nodeCount { problems.append("\(live.count) live slots, \(nodeCount) counted") }
        let top = live.map { Int(levels.base[Int($0)]) }.max() ?? -1
        if top != topLevel { problems.append("top level \(topLevel), highest node on \(top)") }
        let first = live.first { Int(levels.base[Int($0)]) == top } ?? noSlot
        if first != entry { problems.append("entry \(entry), should be \(first)") }
        for level in layers.indices {
            let nodes = live.filter { Int(levels.base[Int($0)]) >= level }
            problems += check(layers[level], level: level, nodes: nodes)
        }
        return problems
    }

    private func check(_ layer: Layer, level: Int, nodes: [UInt32]) -> [String] {
        var problems: [String] = []
        let members = Set(nodes)
        if layer.nodeCount != nodes.count {
            problems.append("level \(level): \(nodes.count) nodes, \(layer.nodeCount) counted")
        }
        var incoming: [UInt32: [UInt32]] = [:]
        for slot in nodes {
            let links = layer.linkArray(of: slot)
            if Set(links).count != links.count { problems.append("level \(level): \(slot) links twice to one node") }
            if links.contains(slot) { problems.append("level \(level): \(slot) links to itself") }
            for target in links where !members.contains(target) {
                problems.append("level \(level): \(slot) links to \(target), which is not there")
            }
            for target in links { incoming[target, default: []].append(slot) }
        }
        for slot in nodes where layer.incoming(of: slot).sorted() != (incoming[slot] ?? []).sorted() {
            problems.append("level \(level): who links to \(slot) is not what its list says")
        }
        return problems + checkTree(layer, level: level, nodes: nodes)
    }

    private func checkTree(_ layer: Layer, level: Int, nodes: [UInt32]) -> [String] {
        var problems: [String] = []
        var ends = 0
        for slot in nodes {
            let pinned = layer.pinned(of: slot)
            let links = layer.linkArray(of: slot)
            ends += pinned.count
            if pinned.count > layer.pinLimit { problems.append("level \(level): \(slot) has too many pinned links") }
            for neighbour in pinned where !links.contains(neighbour) || !layer.isPinned(slot, of: neighbour) {
                problems.append("level \(level): the pinned link of \(slot) and \(neighbour) is not there both ways")
            }
        }
        guard problems.isEmpty, let root = nodes.first else { return problems }
        if ends != 2 * (nodes.count - 1) {
            problems.append("level \(level): \(ends) ends of pinned links for \(nodes.count) nodes")
        }
        var reached: Set<UInt32> = [root]
        var waiting = [root]
        while let slot = waiting.popLast() {
            for neighbour in layer.pinned(of: slot) where reached.insert(neighbour).inserted {
                waiting.append(neighbour)
            }
        }
        if reached.count != nodes.count {
            problems.append("level \(level): the tree of pinned links reaches \(reached.count) of \(nodes.count) nodes")
        }
        return problems
    }
}
