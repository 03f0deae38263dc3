import CKernels

extension Graph {
    /// Takes a node out for good: its neighbours are linked with each other, its slot is free again.
    func remove(_ slot: UInt32) {
        let level = Int(levels.base[Int(slot)])
        var neighbourhoods: [(sources: [UInt32], targets: [UInt32], pinned: [UInt32])] = []
        for current in 0...level {
            let layer = layers[current]
            let sources = layer.incoming(of: slot).sorted()
            let targets = layer.linkArray(of: slot)
            for source in sources {
                layer.removeLink(slot, from: source)
                noteChange(source, level: current)
            }
            for target in targets { layer.removeIncoming(slot, from: target) }
            let pinned = layer.pinned(of: slot)
            for neighbour in pinned { layer.unpin(slot, from: neighbour) }
            noteChange(slot, level: current)
            neighbourhoods.append((sources, targets, pinned))
        }
        clear(slot)
        if slot == entry { electEntry() }
        for (current, neighbourhood) in neighbourhoods.enumerated() {
            joinTrees(neighbourhood.pinned, level: current)
            for source in neighbourhood.sources { bridge(source, over: neighbourhood.targets, level: current) }
        }
    }

    /// Gives `source`, which lost a link, those of the lost node's targets that lie in directions it has no link to; the
    /// nearest of them in any case.
    private func bridge(_ source: UInt32, over targets: [UInt32], level: Int) {
        let layer = layers[level]
        let present = layer.linkArray(of: source)
        var count = 0
        for target in targets where target != source && !present.contains(target) {
            scratch.slots[count] = target
            count += 1
        }
        guard count > 0 else { return }
        rankCandidates(count, of: source)
        let codeLength = quantiser.codeLength

        var linkCount = present.count
        for index in 0..<count where linkCount < layer.width {
            let candidate = slotOfEntry(scratch.candidates[index])
            let toSource = distanceOfEntry(scratch.candidates[index])
            kernels.dots_i8(
                code(of: candidate), codes.base, codeLength, layer.links(of: source), linkCount, scratch.products)
            let isDistinct = (0..<linkCount).allSatisfy { distance(product: scratch.products[$0]) > toSource }
            guard isDistinct || index == 0 else { continue }
            layer.append(candidate, to: source)
            linkCount += 1
        }
    }

    /// Makes one tree of the parts that a removed node leaves, one of `nodes` in each.
    private func joinTrees(_ nodes: [UInt32], level: Int) {
        for (joined, apart) in zip(nodes, nodes.dropFirst()) {
            pinLink(layers[level].nodeThatCanPin(near: joined), apart, level: level)
        }
    }
}
