#if canImport(Glibc)
    import Glibc
#endif

/// Summing.
extension DeltaMap {
    /// Writes the sum of a value (nil when absent) and operands to `output`, which has room for all of their bytes. Answers
    /// the bytes written; nil when an input is malformed.
    ///
    /// Operands are sorted and summed first; then one pass joins them with the value, which is sorted already.
    func fold(
        _ existing: UnsafeRawBufferPointer?, _ operands: some Sequence<UnsafeRawBufferPointer>,
        into output: UnsafeMutableRawPointer
    ) -> Int? {
        var changes: [DeltaEntry] = []
        var sorted = true
        for operand in operands {
            var cursor = DeltaCursor(operand, self)
            while let entry = cursor.next() {
                if sorted, let last = changes.last, compareBytes(last.key, entry.key) > 0 { sorted = false }
                changes.append(entry)
            }
            guard cursor.isAtEnd else { return nil }
        }
        if !sorted { changes.sort { compareBytes($0.key, $1.key) < 0 } }

        var writer = DeltaWriter(output, self)
        var cursor = DeltaCursor(existing ?? UnsafeRawBufferPointer(start: nil, count: 0), self)
        var held = cursor.next()
        var index = 0
        while index < changes.count {
            var change = changes[index]
            index += 1
            while index < changes.count, compareBytes(changes[index].key, change.key) == 0 {
                change.delta &+= changes[index].delta
                index += 1
            }
            var order = 1
            while let entry = held {
                order = compareBytes(entry.key, change.key)
                if order >= 0 { break }
                writer.append(entry)
                held = cursor.next()
            }
            if let entry = held, order == 0 {
                change.delta &+= entry.delta
                held = cursor.next()
            }
            writer.append(change)
        }
        while let entry = held {
            writer.append(entry)
            held = cursor.next()
        }
        return cursor.isAtEnd ? writer.count : nil
    }
}

/// Writes delta entries to raw memory, dropping zeros.
private struct DeltaWriter {
    private let start: UnsafeMutableRawPointer
    private let size: Int
    private(set) var count = 0

    init(_ start: UnsafeMutableRawPointer, _ map: DeltaMap) {
        self.start = start
        size = map.size
    }

    mutating func append(_ entry: DeltaEntry) {
        guard entry.delta != .zero else { return }
        var length = entry.key.count
        while length >= 0x80 {
            start.storeBytes(of: UInt8(truncatingIfNeeded: length) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            length >>= 7
        }
        start.storeBytes(of: UInt8(length), toByteOffset: count, as: UInt8.self)
        count += 1
        if let key = entry.key.baseAddress { memcpy(start + count, key, entry.key.count) }
        count += entry.key.count
        start.storeBytes(of: entry.delta.x.littleEndian, toByteOffset: count, as: Int64.self)
        if size > 8 { start.storeBytes(of: entry.delta.y.littleEndian, toByteOffset: count + 8, as: Int64.self) }
        count += size
    }
}
