/// Marks the end of a row of links that is not full.
let noSlot = UInt32.max

/// The links of one level: a row of at most `width` slots for each node that lives on it, and who links to it.
///
/// The base level has a row for every slot; a higher level, home to one node in `m` of the level below, maps slots to rows.
/// Rows end at the first `noSlot`. Incoming links make true removal cost what the node's neighbourhood costs.
///
/// Some links are **pinned**: together they are a tree over all nodes of the level, linked in both directions and never
/// pruned. So every node can be reached from every other, whatever was inserted and removed, which neighbours chosen for
/// their directions alone do not promise.
final class Layer {
    let width: Int
    private let isBase: Bool
    private var links = Slab<UInt32>()
    /// Slot to row; empty on the base level, where they are equal.
    private var rows = Slab<UInt32>()
    private var freeRows: [UInt32] = []
    private var incoming: [[UInt32]] = []
    /// Row to the nodes it shares a pinned link with.
    private var pinned: [[UInt32]] = []
    private(set) var nodeCount = 0

    init(width: Int, isBase: Bool) {
        self.width = width
        self.isBase = isBase
    }

    /// Gives `slot` an empty row.
    func add(_ slot: UInt32) {
        let row: Int
        if isBase {
            row = Int(slot)
        } else {
            rows.reserve(Int(slot) + 1, initial: noSlot)
            row = freeRows.popLast().map(Int.init) ?? incoming.count
            rows.base[Int(slot)] = UInt32(row)
        }
        links.reserve((row + 1) * width, initial: noSlot)
        while incoming.count <= row {
            incoming.append([])
            pinned.append([])
        }
        nodeCount += 1
    }

    /// Takes the row of `slot` away; nothing links to or from it any more.
    func drop(_ slot: UInt32) {
        let row = row(slot)
        (links.base + row * width).update(repeating: noSlot, count: width)
        incoming[row] = []
        pinned[row] = []
        if !isBase {
            rows.base[Int(slot)] = noSlot
            freeRows.append(UInt32(row))
        }
        nodeCount -= 1
    }

    @inline(__always)
    private func row(_ slot: UInt32) -> Int { isBase ? Int(slot) : Int(rows.base[Int(slot)]) }

    /// The row of links of `slot`; void after the next `add`.
    @inline(__always)
    func links(of slot: UInt32) -> UnsafeMutablePointer<UInt32> { links.base + row(slot) * width }

    /// How many links `slot` has.
    func linkCount(of slot: UInt32) -> Int {
        let links = links(of: slot)
        var count = 0
        while count < width, links[count] != noSlot { count += 1 }
        return count
    }

    /// A copy of the links of `slot`.
    func linkArray(of slot: UInt32) -> [UInt32] {
        Array(UnsafeBufferPointer(start: links(of: slot), count: linkCount(of: slot)))
    }

    func incoming(of slot: UInt32) -> [UInt32] { incoming[row(slot)] }

    func addIncoming(_ source: UInt32, to slot: UInt32) { incoming[row(slot)].append(source) }

    func removeIncoming(_ source: UInt32, from slot: UInt32) {
        let row = row(slot)
        guard let index = incoming[row].firstIndex(of: source) else { return }
        incoming[row].swapAt(index, incoming[row].count - 1)
        incoming[row].removeLast()
    }

    /// Adds a link to a row that is not full and does not have it.
    func append(_ target: UInt32, to slot: UInt32) {
        links(of: slot)[linkCount(of: slot)] = target
        addIncoming(slot, to: target)
    }

    /// Sets one link of a row as it was stored.
    func restore(_ target: UInt32, at index: Int, of slot: UInt32, isPinned: Bool) {
        links(of: slot)[index] = target
        let row = row(target)
        if incoming[row].isEmpty { incoming[row].reserveCapacity(width) }
        incoming[row].append(slot)
        if isPinned { pin(target, to: slot) }
    }

    /// Takes the link to `target` out of the row of `slot`; `target`'s incoming list is left to the caller.
    func removeLink(_ target: UInt32, from slot: UInt32) {
        let links = links(of: slot)
        let count = linkCount(of: slot)
        guard let index = UnsafeBufferPointer(start: links, count: count).firstIndex(of: target) else { return }
        // Order is kept: rows begin with the nearest.
        (links + index).update(from: links + index + 1, count: count - index - 1)
        links[count - 1] = noSlot
    }

    // MARK: Pinned links

    /// How many pinned links a node may have: half a row, so that the other half can point in new directions.
    var pinLimit: Int { max(2, width / 2) }

    /// The nodes that `slot` shares a pinned link with, ascending.
    func pinned(of slot: UInt32) -> [UInt32] { pinned[row(slot)].sorted() }

    @inline(__always)
    func isPinned(_ target: UInt32, of slot: UInt32) -> Bool { pinned[row(slot)].contains(target) }

    func canPin(_ slot: UInt32) -> Bool { pinned[row(slot)].count < pinLimit }

    /// Records one direction of a pinned link.
    func pin(_ target: UInt32, to slot: UInt32) { pinned[row(slot)].append(target) }

    /// Forgets one direction of a pinned link; the link itself stays.
    func unpin(_ target: UInt32, from slot: UInt32) { pinned[row(slot)].removeAll { $0 == target } }

    /// The nearest node in the tree, `slot` first, that can take another pinned link. There is one in every part of a tree:
    /// its leaves.
    func nodeThatCanPin(near slot: UInt32) -> UInt32 {
        var queue = [slot]
        var seen: Set<UInt32> = [slot]
        var next = 0
        while next < queue.count {
            if canPin(queue[next]) { return queue[next] }
            for neighbour in pinned(of: queue[next]) where seen.insert(neighbour).inserted { queue.append(neighbour) }
            next += 1
        }
        return slot
    }
}
