/// The keys and values of the positions a model has read so far, for its first `layers` layers: what a further position
/// attends to.
///
/// A value: `var mine = prefix` shares memory until one of the two reads on, and then copies the positions it holds. A
/// thread that reads many notes behind one prefix does better with one cache of its own and ``truncate(to:)`` after each
/// note: nothing is copied and nothing allocated.
public struct KeyValueCache: Sendable {
    /// How many layers are read, and kept.
    public let layers: Int
    /// Positions held.
    public private(set) var count = 0

    /// Per layer: count × keyValueWidth, keys already rotated to their positions.
    private(set) var keys: [[Float]]
    /// Per layer: count × keyValueWidth.
    private(set) var values: [[Float]]
    /// Width of one position's keys, and of its values.
    let width: Int

    /// An empty cache with room for `capacity` positions; it grows when more are needed.
    init(layers: Int, width: Int, capacity: Int) {
        self.layers = layers
        self.width = width
        keys = (0..<layers).map { _ in
            var rows: [Float] = []
            rows.reserveCapacity(capacity * width)
            return rows
        }
        values = (0..<layers).map { _ in
            var rows: [Float] = []
            rows.reserveCapacity(capacity * width)
            return rows
        }
    }

    /// Forgets all positions from `count` on, an unfinished pass as well, and keeps the memory.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "a cache of \(self.count) positions cannot keep \(count)")
        for layer in 0..<layers {
            keys[layer].removeLast(keys[layer].count - count * width)
            values[layer].removeLast(values[layer].count - count * width)
        }
        self.count = count
    }

    /// Whether a pass of `rows` tokens has read the layers below `layer` and no further.
    func isHalfway(at layer: Int, rows: Int) -> Bool {
        (0...layers).contains(layer)
            && keys.indices.allSatisfy { keys[$0].count == (count + ($0 < layer ? rows : 0)) * width }
    }

    /// Adds `rows` positions to one layer: keys and values are rows of `width`, `stride` floats apart.
    mutating func append(
        layer: Int, rows: Int, keys newKeys: UnsafePointer<Float>, values newValues: UnsafePointer<Float>, stride: Int
    ) {
        for row in 0..<rows {
            keys[layer].append(contentsOf: UnsafeBufferPointer(start: newKeys + row * stride, count: width))
            values[layer].append(contentsOf: UnsafeBufferPointer(start: newValues + row * stride, count: width))
        }
    }

    /// Counts `rows` positions that ``append(layer:rows:keys:values:stride:)`` has added to every layer.
    mutating func advance(by rows: Int) { count += rows }
}
