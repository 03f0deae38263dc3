import CKernels

extension Graph {
    /// Adds a node in a free slot and links it on its levels (algorithm 1 of the paper).
    func insert(_ slot: UInt32, level: Int, vector: UnsafeBufferPointer<Float>) {
        place(slot, level: level, vector: vector)
        let previousTop = topLevel
        if previousTop >= 0 {
            let query = code(of: slot)
            var start = descend(query, to: level)
            for current in stride(from: min(level, previousTop), through: 0, by: -1) {
                beam(query, from: start, level: current, width: efConstruction)
                let nearest = pool.sorted[0]
                start = (slotOfEntry(nearest), distanceOfEntry(nearest))
                link(slot, level: current)
            }
        }
        for level in 0...level { noteChange(slot, level: level) }
        offerEntry(slot)
    }

    /// Links a new node both ways with the best of the pool: at most half a base row, or a whole one above.
    private func link(_ slot: UInt32, level: Int) {
        let layer = layers[level]
        let limit = level == 0 ? layer.width / 2 : layer.width
        let (count, _) = select(pool.sorted, count: pool.count, limit: limit)
        // Linking the other way prunes rows with the same scratch: copy.
        let chosen = Array(UnsafeBufferPointer(start: scratch.chosen, count: count))
        for target in chosen { kernel_prefetch(layer.links(of: target), layer.width * 4) }
        let host = chosen.first(where: layer.canPin) ?? layer.nodeThatCanPin(near: chosen[0])
        for target in chosen where target != host { layer.append(target, to: slot) }
        pinLink(slot, host, level: level)
        for target in chosen where target != host { addLink(slot, to: target, level: level) }
        noteChange(slot, level: level)
    }

    /// Links two nodes in both directions, for good.
    func pinLink(_ left: UInt32, _ right: UInt32, level: Int) {
        let layer = layers[level]
        layer.pin(left, to: right)
        layer.pin(right, to: left)
        addLink(left, to: right, level: level)
        addLink(right, to: left, level: level)
        noteChange(left, level: level)
        noteChange(right, level: level)
    }

    /// Gives the row of `slot` a link to `target`, pruning the row when it is full.
    func addLink(_ target: UInt32, to slot: UInt32, level: Int) {
        let layer = layers[level]
        let links = layer.links(of: slot)
        let count = layer.linkCount(of: slot)
        for index in 0..<count where links[index] == target { return }
        if count < layer.width {
            layer.append(target, to: slot)
            noteChange(slot, level: level)
        } else {
            prune(slot, adding: target, level: level)
        }
    }

    /// Chooses the links of a full row anew, `newcomer` among the candidates. Pinned links stay: where their directions are
    /// taken, they take the places of the farthest that are not pinned.
    private func prune(_ slot: UInt32, adding newcomer: UInt32, level: Int) {
        let layer = layers[level]
        let width = layer.width
        let links = layer.links(of: slot)
        for index in 0..<width { kernel_prefetch(code(of: links[index]), quantiser.codeLength) }
        scratch.slots.update(from: links, count: width)
        scratch.slots[width] = newcomer
        rankCandidates(width + 1, of: slot)
        var (count, rejectedCount) = select(UnsafePointer(scratch.candidates), count: width + 1, limit: width)

        let chosen = scratch.chosen
        let rejected = scratch.rejected
        var kept = 0
        for index in 0..<rejectedCount {
            var victim = rejected[index]
            if layer.isPinned(victim, of: slot) {
                if count < width {
                    chosen[count] = victim
                    count += 1
                    continue
                }
                guard let spare = (0..<count).last(where: { !layer.isPinned(chosen[$0], of: slot) }) else { continue }
                swap(&victim, &chosen[spare])
            }
            rejected[kept] = victim
            kept += 1
        }
        rejectedCount = kept

        if rejectedCount == 1, rejected[0] == newcomer { return }
        layer.addIncoming(slot, to: newcomer)
        for index in 0..<rejectedCount { layer.removeIncoming(slot, from: rejected[index]) }
        links.update(from: chosen, count: count)
        (links + count).update(repeating: noSlot, count: width - count)
        noteChange(slot, level: level)
    }

    /// Sorts the first `count` of `scratch.slots` by their distance to `slot` into `scratch.candidates`.
    func rankCandidates(_ count: Int, of slot: UInt32) {
        kernels.dots_i8(code(of: slot), codes.base, quantiser.codeLength, scratch.slots, count, scratch.products)
        for index in 0..<count {
            let distance = distance(product: scratch.products[index])
            scratch.candidates[index] = packedEntry(distance: distance, slot: scratch.slots[index])
        }
        insertionSort(scratch.candidates, count: count)
    }

    /// Parts candidates, given nearest first, into `scratch.chosen` and `scratch.rejected` (algorithm 4 of the paper): a
    /// candidate is chosen unless one chosen before is at least as near to it as the row's owner is. Links then point in
    /// different directions, and equal codes cannot fill a row.
    /// Of the rejected, as many as a row being pruned can have are kept.
    private func select(
        _ candidates: UnsafePointer<UInt64>, count: Int, limit: Int
    ) -> (chosen: Int, rejected: Int) {
        let chosen = scratch.chosen
        let rejected = scratch.rejected
        let products = scratch.products
        let codeLength = quantiser.codeLength
        let codes = codes.base
        let dots = kernels.dots_i8
        var chosenCount = 0
        var rejectedCount = 0
        let capacity = 2 * layers[0].width + 2
        for index in 0..<count {
            let candidate = slotOfEntry(candidates[index])
            if chosenCount == limit {
                if rejectedCount == capacity { break }
                rejected[rejectedCount] = candidate
                rejectedCount += 1
                continue
            }
            let toOwner = distanceOfEntry(candidates[index])
            let code = codes + Int(candidate) * codeLength
            if index + 1 < count {
                kernel_prefetch(codes + Int(slotOfEntry(candidates[index + 1])) * codeLength, codeLength)
            }
            var isDistinct = true
            var checked = 0
            while isDistinct, checked < chosenCount {
                let group = min(4, chosenCount - checked)
                dots(code, codes, codeLength, chosen + checked, group, products)
                for offset in 0..<group where distance(product: products[offset]) <= toOwner { isDistinct = false }
                checked += group
            }
            if isDistinct {
                chosen[chosenCount] = candidate
                chosenCount += 1
            } else if rejectedCount < capacity {
                rejected[rejectedCount] = candidate
                rejectedCount += 1
            }
        }
        return (chosenCount, rejectedCount)
    }
}
