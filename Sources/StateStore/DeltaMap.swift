/// The codec of ``MergeOperator/deltas``: key bytes with an `Int64` each.
///
/// One entry is the key's length (LEB128), the key, the number (8 bytes, little endian). A value holds each key once,
/// sorted by bytes, no zeros; an operand may hold keys in any order and repeat them.
public enum DeltaMap {
    /// Appends one entry to a value or an operand under construction.
    public static func append(_ key: [UInt8], _ delta: Int64, to bytes: inout [UInt8]) {
        key.withUnsafeBytes { append($0, delta, to: &bytes) }
    }

    /// Appends one entry to a value or an operand under construction.
    public static func append(_ key: UnsafeRawBufferPointer, _ delta: Int64, to bytes: inout [UInt8]) {
        var length = key.count
        while length >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        bytes.append(UInt8(length))
        bytes.append(contentsOf: key)
        withUnsafeBytes(of: delta.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Visits the entries of a value or an operand; throws `.corrupted` when the bytes are no delta list.
    public static func forEach(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (_ key: UnsafeRawBufferPointer, _ delta: Int64) throws(StoreError) -> Void
    ) throws(StoreError) {
        var cursor = DeltaCursor(bytes)
        while let entry = cursor.next() { try body(entry.key, entry.delta) }
        guard cursor.isAtEnd else { throw breaksOff(bytes.count) }
    }

    /// The map that a list in any order amounts to: sorted, each key once, no zeros. Values and operands set end to
    /// end are such a list. Throws `.corrupted` when the bytes are none.
    public static func sum(_ list: [UInt8]) throws(StoreError) -> [UInt8] {
        var isWellFormed = true
        let map = [UInt8](unsafeUninitializedCapacity: list.count) { buffer, count in
            guard let start = UnsafeMutableRawPointer(buffer.baseAddress), !list.isEmpty else { return }
            let written = list.withUnsafeBytes { MergeOperator.deltas.fold(nil, CollectionOfOne($0), into: start) }
            isWellFormed = written != nil
            count = written ?? 0
        }
        guard isWellFormed else { throw breaksOff(list.count) }
        return map
    }

    private static func breaksOff(_ count: Int) -> StoreError {
        StoreError(.corrupted, "a delta list of \(count) bytes breaks off; delete the store and start again")
    }

    /// Whether the bytes are a delta list.
    static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var cursor = DeltaCursor(bytes)
        while cursor.next() != nil {}
        return cursor.isAtEnd
    }
}

/// One entry, in place.
struct DeltaEntry {
    var key: UnsafeRawBufferPointer
    var delta: Int64
}

/// Walks the entries of a delta list; stops before the end when an entry is malformed.
struct DeltaCursor {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

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
        guard bytes.count - position >= length + 8 else { return nil }
        let key = UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
        let delta = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: position + length, as: Int64.self))
        offset = position + length + 8
        return DeltaEntry(key: key, delta: delta)
    }
}
