import StateStore

/// The stored form of an index: keys begin with the escaped namespace, numbers in keys are big endian, in values little.
///
///     vectors       namespace 00               dimension, m, efConstruction (UInt32 each), seed (UInt64)
///     vectors       namespace 01 slot          level (UInt8), the unit vector (Float each)
///     vectors       namespace 02 label         slot (UInt32)
///     vector-links  namespace level slot       the slots linked to (UInt32 each, the top bit set if pinned)
struct Rows {
    static let vectors = ColumnFamily("vectors")
    static let links = ColumnFamily("vector-links")

    enum Kind: UInt8 {
        case parameters, node, label
    }

    let prefix: [UInt8]

    init(namespace: [UInt8]) { prefix = KeyBuilder().id(namespace).bytes }

    // MARK: Keys

    var parametersKey: [UInt8] { prefix + [Kind.parameters.rawValue] }
    func node(_ slot: UInt32) -> [UInt8] { key(Kind.node.rawValue, slot) }
    func label(_ label: UInt32) -> [UInt8] { key(Kind.label.rawValue, label) }
    func links(level: Int8, slot: UInt32) -> [UInt8] { key(UInt8(level), slot) }

    func prefix(of kind: Kind) -> [UInt8] { prefix + [kind.rawValue] }

    private func key(_ first: UInt8, _ number: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(prefix.count + 5)
        bytes.append(contentsOf: prefix)
        bytes.append(first)
        Self.append(number.bigEndian, to: &bytes)
        return bytes
    }

    /// The byte after the namespace and the number after that.
    func parse(_ key: UnsafeRawBufferPointer) throws(StoreError) -> (first: UInt8, number: UInt32) {
        guard key.count == prefix.count + 5 else { throw Self.damaged("a key of \(key.count) bytes") }
        let number = key.loadUnaligned(fromByteOffset: prefix.count + 1, as: UInt32.self)
        return (key[prefix.count], UInt32(bigEndian: number))
    }

    // MARK: Values

    static func parametersValue(_ parameters: VectorIndexParameters) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in [parameters.dimension, parameters.m, parameters.efConstruction] {
            append(UInt32(number).littleEndian, to: &bytes)
        }
        append(parameters.seed.littleEndian, to: &bytes)
        return bytes
    }

    static func nodeValue(level: Int, vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 + vector.count * 4)
        bytes.append(UInt8(level))
        for value in vector { append(value.bitPattern.littleEndian, to: &bytes) }
        return bytes
    }

    static func slotValue(_ slot: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        append(slot.littleEndian, to: &bytes)
        return bytes
    }

    static func linksValue(of slot: UInt32, in layer: Layer) -> [UInt8] {
        let links = layer.links(of: slot)
        let count = layer.linkCount(of: slot)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 4)
        for index in 0..<count {
            let target = links[index]
            append((layer.isPinned(target, of: slot) ? target | pinnedBit : target).littleEndian, to: &bytes)
        }
        return bytes
    }

    /// Slots are below it.
    static let pinnedBit: UInt32 = 1 << 31

    private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    /// The vector in a node's value of the right size.
    static func vector(_ value: UnsafeRawBufferPointer, dimension: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: dimension) { buffer, count in
            for index in 0..<dimension {
                let bits = value.loadUnaligned(fromByteOffset: 1 + 4 * index, as: UInt32.self)
                buffer.initializeElement(at: index, to: Float(bitPattern: UInt32(littleEndian: bits)))
            }
            count = dimension
        }
    }

    static func damaged(_ what: String) -> StoreError {
        StoreError(
            .corrupted, "vector index: \(what) does not fit; delete the store and start again, replay rebuilds it")
    }
}
