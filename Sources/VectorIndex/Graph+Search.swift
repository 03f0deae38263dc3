import CKernels

extension Graph {
    /// From the entry down to `level`, always to the nearest neighbour until none is nearer: the entry's level and those
    /// above `level` are passed through this way. Returns the slot that it ends at and its distance.
    func descend(_ query: UnsafePointer<Int8>, to level: Int) -> (slot: UInt32, distance: UInt32) {
        var nearest = entry
        var nearestDistance = distance(product: kernels.dot_i8(query, code(of: entry), quantiser.codeLength))
        var current = topLevel
        while current > level {
            let layer = layers[current]
            var moved = true
            while moved {
                moved = false
                let links = layer.links(of: nearest)
                let count = layer.linkCount(of: nearest)
                for index in 0..<count { kernel_prefetch(code(of: links[index]), quantiser.codeLength) }
                kernels.dots_i8(query, codes.base, quantiser.codeLength, links, count, scratch.products)
                for index in 0..<count {
                    let candidate = distance(product: scratch.products[index])
                    if candidate < nearestDistance {
                        nearestDistance = candidate
                        nearest = links[index]
                        moved = true
                    }
                }
            }
            current -= 1
        }
        return (nearest, nearestDistance)
    }

    /// Fills the pool with the `width` nearest nodes of one level that a best-first walk from `start` meets.
    func beam(_ query: UnsafePointer<Int8>, from start: (slot: UInt32, distance: UInt32), level: Int, width: Int) {
        walk(query, from: start, level: level, width: width, &pool)
    }

    /// The walk itself, with the pool as an argument: a property would be checked for overlapping access at every push.
    private func walk(
        _ query: UnsafePointer<Int8>, from start: (slot: UInt32, distance: UInt32), level: Int, width: Int,
        _ pool: inout CandidatePool
    ) {
        let layer = layers[level]
        let codes = codes.base
        let codeLength = quantiser.codeLength
        let dots = kernels.dots_i8
        let visited = visited.base
        let slots = scratch.slots
        let products = scratch.products
        let linkWidth = layer.width

        visited.update(repeating: 0, count: (slotBound + 63) / 64)
        pool.reset(limit: width)
        pool.push(distance: start.distance, slot: start.slot)
        visited[Int(start.slot >> 6)] |= 1 << UInt64(start.slot & 63)

        while let slot = pool.popNearest() {
            let links = layer.links(of: slot)
            var found = 0
            for index in 0..<linkWidth {
                let neighbour = links[index]
                if neighbour == noSlot { break }
                let bit: UInt64 = 1 << UInt64(neighbour & 63)
                let word = visited[Int(neighbour >> 6)]
                slots[found] = neighbour
                found += word & bit == 0 ? 1 : 0
                visited[Int(neighbour >> 6)] = word | bit
            }
            for index in 0..<found { kernel_prefetch(codes + Int(slots[index]) * codeLength, codeLength) }
            dots(query, codes, codeLength, slots, found, products)
            for index in 0..<found { pool.push(distance: distance(product: products[index]), slot: slots[index]) }
            if let next = pool.nearestWaiting() { kernel_prefetch(layer.links(of: next), linkWidth * 4) }
        }
    }

    /// Searches the base level; afterwards the pool holds the `width` nearest found, nearest first by code.
    func search(_ query: UnsafeBufferPointer<Float>, width: Int) {
        pool.reset(limit: width)
        guard entry != noSlot else { return }
        quantiser.encode(query, scratch: scratch.rotated, into: scratch.query)
        beam(scratch.query, from: descend(scratch.query, to: 0), level: 0, width: width)
    }
}
