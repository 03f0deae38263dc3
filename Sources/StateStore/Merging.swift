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
        case .deltas: DeltaMap.single.isWellFormed(operand)
        case .deltaPairs: DeltaMap.paired.isWellFormed(operand)
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
        case .deltas: DeltaMap.single.fold(existing, operands, into: output)
        case .deltaPairs: DeltaMap.paired.fold(existing, operands, into: output)
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
}

// MARK: - RocksDB's side

extension MergeOperator {
    /// A RocksDB merge operator. The C callbacks capture nothing: RocksDB hands them the operator's number as its state.
    func makeHandle() -> OpaquePointer? {
        rocksdb_mergeoperator_create(
            UnsafeMutableRawPointer(bitPattern: rawValue), { _ in },
            { state, _, _, existing, existingCount, operands, counts, count, success, newCount in
                MergeOperator(state: state)?.callback(
                    existing, existingCount, operands, counts, count, success, newCount)
            },
            { state, _, _, operands, counts, count, success, newCount in
                MergeOperator(state: state)?.callback(nil, 0, operands, counts, count, success, newCount)
            },
            nil, { state in MergeOperator(state: state)?.cName })
    }

    private init?(state: UnsafeMutableRawPointer?) { self.init(rawValue: Int(bitPattern: state)) }

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
