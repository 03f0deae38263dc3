/// The codec of ``MergeOperator/deltas`` and ``MergeOperator/deltaPairs``: key bytes with one or two `Int64` each.
///
/// One entry is the key's length (LEB128), the key, the numbers (8 bytes each, little endian). A value holds each key once,
/// sorted by bytes, and none whose numbers are all zero; an operand may hold keys in any order and repeat them.
public struct DeltaMap: Hashable, Sendable {
    /// What stands beside a key; the second is 0 where a map has one number a key.
    public typealias Numbers = SIMD2<Int64>

    /// One number a key.
    public static let single = DeltaMap(size: 8)
    /// Two numbers a key, each summed by itself.
    public static let paired = DeltaMap(size: 16)

    /// Bytes of a key's numbers.
    let size: Int

    /// Appends one entry to a value or an operand under construction.
    public func append(_ key: [UInt8], _ delta: Numbers, to bytes: inout [UInt8]) {
        key.withUnsafeBytes { append($0, delta, to: &bytes) }
    }

    /// Appends one entry to a value or an operand under construction.
    public func append(_ key: UnsafeRawBufferPointer, _ delta: Numbers, to bytes: inout [UInt8]) {
        var length = key.count
        while length >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        bytes.append(UInt8(length))
        bytes.append(contentsOf: key)
        withUnsafeBytes(of: delta.x.littleEndian) { bytes.append(contentsOf: $0) }
        if size > 8 { withUnsafeBytes(of: delta.y.littleEndian) { bytes.append(contentsOf: $0) } }
    }

    /// Visits the entries of a value or an operand; throws `.corrupted` when the bytes are no delta list.
    public func forEach(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (_ key: UnsafeRawBufferPointer, _ delta: Numbers) throws(StoreError) -> Void
    ) throws(StoreError) {
        var cursor = DeltaCursor(bytes, self)
        while let entry = cursor.next() { try body(entry.key, entry.delta) }
        guard cursor.isAtEnd else { throw Self.breaksOff(bytes.count) }
    }

    /// The map that a list in any order amounts to: sorted, each key once, no zeros. Values and operands set end to
    /// end are such a list. Throws `.corrupted` when the bytes are none.
    public func sum(_ list: [UInt8]) throws(StoreError) -> [UInt8] {
        var isWellFormed = true
        let map = [UInt8](unsafeUninitializedCapacity: list.count) { buffer, count in
            guard let start = UnsafeMutableRawPointer(buffer.baseAddress), !list.isEmpty else { return }
            let written = list.withUnsafeBytes { fold(nil, CollectionOfOne($0), into: start) }
            isWellFormed = written != nil
            count = written ?? 0
        }
        guard isWellFormed else { throw Self.breaksOff(list.count) }
        return map
    }

    private static func breaksOff(_ count: Int) -> StoreError {
        StoreError(.corrupted, "a delta list of \(count) bytes breaks off; delete the store and start again")
    }

    /// Whether the bytes are a delta list.
    func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var cursor = DeltaCursor(bytes, self)
        while cursor.next() != nil {}
        return cursor.isAtEnd
    }
}

/// One entry, in place.
struct DeltaEntry {
    var key: UnsafeRawBufferPointer
    var delta: DeltaMap.Numbers
}

/// Walks the entries of a delta list; stops before the end when an entry is malformed.
struct DeltaCursor {
    private let bytes: UnsafeRawBufferPointer
    private let size: Int
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer, _ map: DeltaMap) {
        self.bytes = bytes
        size = map.size
    }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func next() -> DeltaEntry? {
        var position = offset
        var length = 0
        var shift = 0
        while true {
            guard position < bytes.count, shift < 32 else { return nil }
            let byte = bytes[position]
            position += 1
            length |= Int(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        guard bytes.count - position >= length + size else { return nil }
        let key = UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
        position += length
        var delta = DeltaMap.Numbers(number(at: position), 0)
        if size > 8 { delta.y = number(at: position + 8) }
        offset = position + size
        return DeltaEntry(key: key, delta: delta)
    }

    private func number(at position: Int) -> Int64 {
        Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int64.self))
    }
}
