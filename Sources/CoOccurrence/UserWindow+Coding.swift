import StateStore

/// The row's bytes: `lastActive` and `timer` (8 bytes each, little endian; `Int64.max`: no timer), then the clicks in
/// order of arrival, each as time (zigzag LEB128, less the one before it), sharers and id length (LEB128), id.
extension UserWindow {
    /// Reads a row; throws `.corrupted` when the bytes are none.
    init(_ bytes: UnsafeRawBufferPointer, _ settings: WindowSettings) throws(StoreError) {
        guard bytes.count >= 16 else { throw Self.broken(bytes) }
        lastActive = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: Int64.self))
        let stored = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
        timer = stored == .max ? nil : stored
        notes = [UInt8](bytes)
        clicks.reserveCapacity(settings.cap + 1)
        var offset = 16
        var time = lastActive
        while offset < bytes.count {
            guard let step = Self.number(bytes, &offset), let sharers = Self.number(bytes, &offset),
                let count = Self.number(bytes, &offset), (1...UInt64(UInt32.max)).contains(sharers),
                count <= UInt64(bytes.count - offset)
            else { throw Self.broken(bytes) }
            time &+= Int64(bitPattern: step >> 1) ^ -Int64(step & 1)
            clicks.append(
                Click(
                    time: time, bucket: settings.bucket(of: time), sharers: Int(sharers), start: offset,
                    count: Int(count)))
            offset += Int(count)
        }
    }

    /// The row's bytes.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16 + clicks.reduce(0) { $0 + $1.count + 12 })
        for word in [lastActive, timer ?? .max] {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        var time = lastActive
        for click in clicks {
            let step = click.time &- time
            Self.append(UInt64(bitPattern: (step << 1) ^ (step >> 63)), to: &bytes)
            Self.append(UInt64(click.sharers), to: &bytes)
            Self.append(UInt64(click.count), to: &bytes)
            bytes += notes[click.start..<click.start + click.count]
            time = click.time
        }
        return bytes
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count, shift < 64 {
            let byte = bytes[offset]
            offset += 1
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        return nil
    }

    private static func broken(_ bytes: UnsafeRawBufferPointer) -> StoreError {
        StoreError(
            .corrupted, "a user's row of \(bytes.count) bytes breaks off; delete the store and start again")
    }
}
