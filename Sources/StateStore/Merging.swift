import CRocksDB

#if canImport(Glibc)
    import Glibc
#endif

/// Folds operands into a value; one code for RocksDB's callbacks and for a batch's own reads.
extension MergeOperator {
    /// Whether `operand` is one this operator takes.
    func accepts(_ operand: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .sum64: operand.count == 8
        case .deltas: DeltaMap.isWellFormed(operand)
        }
    }

    /// Writes the fold of `existing` (nil when absent) and `operands` to `output`, which has room for all of their
    /// bytes together and at least 8. Answers the bytes written; nil when an input is malformed.
    func fold(
        _ existing: UnsafeRawBufferPointer?, _ operands: some Sequence<UnsafeRawBufferPointer>,
        into output: UnsafeMutableRawPointer
    ) -> Int? {
        switch self {
        case .sum64: foldSum(existing, operands, into: output)
        case .deltas: foldDeltas(existing, operands, into: output)
        }
    }

    private func foldSum(
        _ existing: UnsafeRawBufferPointer?, _ operands: some Sequence<UnsafeRawBufferPointer>,
        into output: UnsafeMutableRawPointer
    ) -> Int? {
        var sum: Int64 = 0
        if let existing {
            guard existing.count == 8 else { return nil }
            sum = Int64(littleEndian: existing.loadUnaligned(as: Int64.self))
        }
        for operand in operands {
            guard operand.count == 8 else { return nil }
            sum &+= Int64(littleEndian: operand.loadUnaligned(as: Int64.self))
        }
        output.storeBytes(of: sum.littleEndian, as: Int64.self)
        return 8
    }

    /// Operands are sorted and summed first; then one pass joins them with the value, which is sorted already.
    private func foldDeltas(
        _ existing: UnsafeRawBufferPointer?, _ operands: some Sequence<UnsafeRawBufferPointer>,
        into output: UnsafeMutableRawPointer
    ) -> Int? {
        var changes: [DeltaEntry] = []
        var sorted = true
        for operand in operands {
            var cursor = DeltaCursor(operand)
            while let entry = cursor.next() {
                if sorted, let last = changes.last, compareBytes(last.key, entry.key) > 0 { sorted = false }
                changes.append(entry)
            }
            guard cursor.isAtEnd else { return nil }
        }
        if !sorted { changes.sort { compareBytes($0.key, $1.key) < 0 } }

        var writer = DeltaWriter(output)
        var cursor = DeltaCursor(existing ?? UnsafeRawBufferPointer(start: nil, count: 0))
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
    private(set) var count = 0

    init(_ start: UnsafeMutableRawPointer) { self.start = start }

    mutating func append(_ entry: DeltaEntry) {
        guard entry.delta != 0 else { return }
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
        start.storeBytes(of: entry.delta.littleEndian, toByteOffset: count, as: Int64.self)
        count += 8
    }
}

// MARK: - RocksDB's side

extension MergeOperator {
    /// A RocksDB merge operator. The C callbacks capture nothing, so each operator has its own pair of them.
    func makeHandle() -> OpaquePointer? {
        switch self {
        case .sum64:
            rocksdb_mergeoperator_create(
                nil, { _ in },
                { _, _, _, existing, existingCount, operands, counts, count, success, newCount in
                    MergeOperator.sum64.callback(
                        existing, existingCount, operands, counts, count, success, newCount)
                },
                { _, _, _, operands, counts, count, success, newCount in
                    MergeOperator.sum64.callback(nil, 0, operands, counts, count, success, newCount)
                },
                nil, { _ in MergeOperator.sum64.cName })
        case .deltas:
            rocksdb_mergeoperator_create(
                nil, { _ in },
                { _, _, _, existing, existingCount, operands, counts, count, success, newCount in
                    MergeOperator.deltas.callback(
                        existing, existingCount, operands, counts, count, success, newCount)
                },
                { _, _, _, operands, counts, count, success, newCount in
                    MergeOperator.deltas.callback(nil, 0, operands, counts, count, success, newCount)
                },
                nil, { _ in MergeOperator.deltas.cName })
        }
    }

    private var cName: UnsafePointer<CChar>? {
        UnsafeRawPointer(persistentName.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// RocksDB frees what this answers with `free`, hence `malloc`. Sums of sums are sums, so a partial merge is a
    /// full one without a value.
    private func callback(
        _ existing: UnsafePointer<CChar>?, _ existingCount: Int, _ operands: UnsafePointer<UnsafePointer<CChar>?>?,
        _ counts: UnsafePointer<Int>?, _ count: Int32, _ success: UnsafeMutablePointer<UInt8>?,
        _ newCount: UnsafeMutablePointer<Int>?
    ) -> UnsafeMutablePointer<CChar>? {
        success?.pointee = 0
        newCount?.pointee = 0
        guard let operands, let counts else { return nil }
        let total = (0..<Int(count)).reduce(existingCount) { $0 + counts[$1] }
        guard let output = malloc(max(total, 8)) else { return nil }
        let value = existing.map { UnsafeRawBufferPointer(start: $0, count: existingCount) }
        let slices = (0..<Int(count)).lazy.map { UnsafeRawBufferPointer(start: operands[$0], count: counts[$0]) }
        guard let written = fold(value, slices, into: output) else {
            free(output)
            return nil
        }
        success?.pointee = 1
        newCount?.pointee = written
        return output.assumingMemoryBound(to: CChar.self)
    }
}
