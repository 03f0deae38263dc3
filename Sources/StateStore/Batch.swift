import CRocksDB

/// Changes that become one atomic write, readable before they are: reads see the batch's own changes over the store's.
///
/// Owned by one thread. The store below must have no other writer meanwhile. RocksDB's own indexed batch does not know
/// range deletion, so changes are kept in ``Overlay`` and handed to RocksDB at the commit.
public final class Batch: StateReader {
    private let store: Store
    private var overlays: [ColumnFamily: Overlay] = [:]
    private var scans = 0
    /// Bytes of keys, values and operands put in since the last commit or discard.
    public private(set) var byteCount = 0

    init(_ store: Store) { self.store = store }

    /// Whether there is nothing to commit.
    public var isEmpty: Bool { overlays.values.allSatisfy(\.isEmpty) }

    // MARK: Changes

    /// Sets a key's value.
    public func put(_ family: ColumnFamily, _ key: [UInt8], _ value: [UInt8]) throws(StoreError) {
        try changeable()
        byteCount += key.count + value.count
        overlay(of: family).set(key, .value(value))
    }

    /// Removes a key, whether present or not.
    public func delete(_ family: ColumnFamily, _ key: [UInt8]) throws(StoreError) {
        try changeable()
        byteCount += key.count
        overlay(of: family).set(key, .deleted)
    }

    /// Folds an operand into a key's value.
    ///
    /// - Throws: `.invalidArgument` when the family has no merge operator or the operand is malformed.
    public func merge(_ family: ColumnFamily, _ key: [UInt8], _ operand: [UInt8]) throws(StoreError) {
        try changeable()
        guard let merge = family.merge, operand.withUnsafeBytes({ merge.accepts($0) }) else {
            throw StoreError(
                .invalidArgument, path: store.path,
                "an operand of \(operand.count) bytes is not one that column family '\(family.name)' merges")
        }
        byteCount += key.count + operand.count
        overlay(of: family).merge(key, operand, with: merge)
    }

    /// Removes all keys that begin with `prefix` (all of the family when empty), at a cost that does not depend on
    /// how many the store holds.
    public func wipe(_ family: ColumnFamily, prefix: [UInt8]) throws(StoreError) {
        try changeable()
        byteCount += prefix.count
        overlay(of: family).wipe(prefix)
    }

    private func overlay(of family: ColumnFamily) -> Overlay {
        if let overlay = overlays[family] { return overlay }
        let overlay = Overlay()
        overlays[family] = overlay
        return overlay
    }

    private func changeable() throws(StoreError) {
        guard scans == 0 else {
            throw StoreError(
                .invalidArgument, path: store.path,
                "the batch was changed inside one of its own scans; collect the keys first, then change them")
        }
    }

    /// Forgets all changes.
    public func discard() {
        byteCount = 0
        for overlay in overlays.values { overlay.removeAll() }
    }

    /// Writes all changes at once and empties the batch. The write is in the store's log but not forced to the disk:
    /// it survives the process, not the machine, which is all that replay needs.
    ///
    /// - Throws: on failure nothing was written and the batch is as before. After `.noSpace`, `.io` or `.corrupted` the
    ///   store takes no more writes: close it, and open it again once the cause is gone.
    public func commit() throws(StoreError) {
        guard !isEmpty else { return }
        let database = try store.database()
        guard let writing = rocksdb_writebatch_create() else {
            throw StoreError(.io, path: store.path, "RocksDB made no write batch")
        }
        defer { rocksdb_writebatch_destroy(writing) }
        for (family, overlay) in overlays where !overlay.isEmpty {
            let column = try database.family(family).handle
            for prefix in overlay.wiped { try add(wipe: prefix, of: family, column, to: writing, database) }
            overlay.sort()
            for entry in overlay.ordered { try add(entry, of: family, column, to: writing) }
        }
        try database.write(writing)
        discard()
    }

    private func add(
        _ entry: Overlay.Entry, of family: ColumnFamily, _ column: OpaquePointer, to writing: OpaquePointer
    ) throws(StoreError) {
        let put = { (value: [UInt8]) in
            entry.key.withCBytes { key, keyCount in
                value.withCBytes { rocksdb_writebatch_put_cf(writing, column, key, keyCount, $0, $1) }
            }
        }
        switch entry.base {
        case .stored where entry.operands.isEmpty: break
        case .stored:
            entry.key.withCBytes { key, keyCount in
                entry.operands.withCBytes { rocksdb_writebatch_merge_cf(writing, column, key, keyCount, $0, $1) }
            }
        case .value(let value) where entry.operands.isEmpty: put(value)
        case .deleted where entry.operands.isEmpty:
            entry.key.withCBytes { rocksdb_writebatch_delete_cf(writing, column, $0, $1) }
        case .value(let value):
            put(try value.withBytes { value throws(StoreError) in try folded(entry, over: value, in: family) })
        case .deleted: put(try folded(entry, over: nil, in: family))
        }
    }

    /// A range needs an end; a prefix without a successor ends at the family's last key.
    private func add(
        wipe prefix: [UInt8], of family: ColumnFamily, _ column: OpaquePointer, to writing: OpaquePointer,
        _ database: Database
    ) throws(StoreError) {
        var end = prefix.prefixSuccessor
        if end == nil {
            try database.scan(family, prefix: prefix, from: nil, reverse: true, snapshot: nil) {
                key, _ throws(StoreError) in
                end = [UInt8](key) + [0]
                return false
            }
        }
        guard let end else { return }
        prefix.withCBytes { start, startCount in
            end.withCBytes { rocksdb_writebatch_delete_range_cf(writing, column, start, startCount, $0, $1) }
        }
    }

    // MARK: Reads

    /// See ``StateReader``.
    public func withValue<Result>(
        _ family: ColumnFamily, _ key: [UInt8],
        _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard let overlay = overlays[family], !overlay.isEmpty else { return try store.withValue(family, key, body) }
        guard let slot = overlay.find(key) else {
            let hidden = key.withUnsafeBytes { overlay.hiding($0) } != nil
            return hidden ? try body(nil) : try store.withValue(family, key, body)
        }
        let entry = overlay.entries[slot]
        if case .stored = entry.base {
            return try store.withValue(family, key) { stored throws(StoreError) in
                try withFolded(entry, over: stored, in: family, body)
            }
        }
        return try withFolded(entry, over: nil, in: family, body)
    }

    /// See ``StateReader``.
    public func scan(
        _ family: ColumnFamily, prefix: [UInt8], from: [UInt8]?, reverse: Bool,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        scans += 1
        defer { scans -= 1 }
        guard let overlay = overlays[family], !overlay.isEmpty else {
            return try store.scan(family, prefix: prefix, from: from, reverse: reverse, body)
        }
        overlay.sort()
        let cursor = try Cursor(try store.database(), family, prefix: prefix, snapshot: nil)
        var walk = MergedWalk(overlay: overlay, cursor: cursor, prefix: prefix, from: from, reverse: reverse)
        var goesOn = true
        while goesOn, let step = walk.next() {
            switch step {
            case .stored(let key): goesOn = try body(key, cursor.value)
            case .changed(let entry, let overStored):
                goesOn = try withFolded(entry, over: overStored ? cursor.value : nil, in: family) {
                    value throws(StoreError) in
                    guard let value else { return true }
                    return try entry.key.withBytes { key throws(StoreError) in try body(key, value) }
                }
            }
        }
        if goesOn { try cursor.check() }
    }

    // MARK: Folding

    /// Hands over what an entry amounts to over the store's value; nil when it is absent.
    private func withFolded<Result>(
        _ entry: Overlay.Entry, over stored: UnsafeRawBufferPointer?, in family: ColumnFamily,
        _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        if entry.operands.isEmpty {
            switch entry.base {
            case .stored: return try body(stored)
            case .deleted: return try body(nil)
            case .value(let value): return try value.withBytes(body)
            }
        }
        let result =
            switch entry.base {
            case .stored: try folded(entry, over: stored, in: family)
            case .deleted: try folded(entry, over: nil, in: family)
            case .value(let value):
                try value.withBytes { value throws(StoreError) in
                    try folded(entry, over: value, in: family)
                }
            }
        return try result.withBytes(body)
    }

    private func folded(
        _ entry: Overlay.Entry, over base: UnsafeRawBufferPointer?, in family: ColumnFamily
    ) throws(StoreError) -> [UInt8] {
        let room = max((base?.count ?? 0) + entry.operands.count, 8)
        var failed = false
        let result = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            guard let start = UnsafeMutableRawPointer(buffer.baseAddress), let merge = family.merge else { return }
            let written = entry.operands.withUnsafeBytes { merge.fold(base, CollectionOfOne($0), into: start) }
            failed = written == nil
            count = written ?? 0
        }
        guard !failed else {
            throw StoreError(
                .corrupted, path: store.path,
                "a value of column family '\(family.name)' is not one that its merge operator wrote; delete the store"
                    + " and start again")
        }
        return result
    }
}

extension Array where Element == UInt8 {
    /// The bytes in place, for a body with typed errors.
    @inline(__always)
    func withBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try withUnsafeBufferPointer { buffer throws(StoreError) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}
