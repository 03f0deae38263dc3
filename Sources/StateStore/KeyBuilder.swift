/// Builds keys whose byte order is the order of their parts.
///
/// `uint32`: 4 bytes, big endian. `int64`: 8 bytes, big endian, sign flipped. `id`: its bytes with 00 written as 00 FF,
/// then 00 01, so that ids sort as bytes and no key that ends in an id is the prefix of another id's key.
public struct KeyBuilder: Sendable {
    /// The key so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty key.
    public init(capacity: Int = 40) { bytes.reserveCapacity(capacity) }

    /// The key with a number appended.
    public consuming func uint32(_ value: UInt32) -> KeyBuilder {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        return self
    }

    /// The key with a signed number appended.
    public consuming func int64(_ value: Int64) -> KeyBuilder {
        let flipped = UInt64(bitPattern: value) ^ (1 << 63)
        withUnsafeBytes(of: flipped.bigEndian) { bytes.append(contentsOf: $0) }
        return self
    }

    /// The key with an id appended, escaped and terminated.
    public consuming func id(_ id: [UInt8]) -> KeyBuilder {
        id.withUnsafeBytes { append(id: $0) }
        return self
    }

    /// The key with an id appended, escaped and terminated.
    public consuming func id(_ id: UnsafeRawBufferPointer) -> KeyBuilder {
        append(id: id)
        return self
    }

    private mutating func append(id: UnsafeRawBufferPointer) {
        if id.contains(0) {
            for byte in id {
                bytes.append(byte)
                if byte == 0 { bytes.append(0xFF) }
            }
        } else {
            bytes.append(contentsOf: id)
        }
        bytes.append(0)
        bytes.append(1)
    }
}

/// Reads the parts of a key that ``KeyBuilder`` made, in order. Every part throws `.corrupted` when it is not there.
public struct KeyReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// Reads from the start of `bytes`, which must outlive the reader.
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whether all parts have been read.
    public var isAtEnd: Bool { offset == bytes.count }

    /// The next part, a number.
    public mutating func uint32() throws(StoreError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw shortKey("a 32-bit number") }
        defer { offset += 4 }
        return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The next part, a signed number.
    public mutating func int64() throws(StoreError) -> Int64 {
        guard bytes.count - offset >= 8 else { throw shortKey("a 64-bit number") }
        defer { offset += 8 }
        let flipped = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        return Int64(bitPattern: flipped ^ (1 << 63))
    }

    /// The next part, an id.
    public mutating func id() throws(StoreError) -> [UInt8] {
        var id: [UInt8] = []
        while offset + 1 < bytes.count {
            let byte = bytes[offset]
            if byte != 0 {
                id.append(byte)
                offset += 1
                continue
            }
            let escape = bytes[offset + 1]
            offset += 2
            if escape == 1 { return id }
            guard escape == 0xFF else { break }
            id.append(0)
        }
        throw shortKey("an id")
    }

    private func shortKey(_ part: String) -> StoreError {
        let hex = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        return StoreError(.corrupted, "key \(hex) has no \(part) at byte \(offset); delete the store and start again")
    }
}
