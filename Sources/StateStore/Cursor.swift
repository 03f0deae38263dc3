import CRocksDB

/// A RocksDB iterator over the keys of one family that begin with a prefix.
final class Cursor {
    private let database: Database
    private let iterator: OpaquePointer
    private let options: OpaquePointer
    /// RocksDB keeps pointers to the bounds, so they live as long as the iterator.
    private let lower: UnsafeMutableBufferPointer<CChar>
    private let upper: UnsafeMutableBufferPointer<CChar>

    init(
        _ database: Database, _ family: ColumnFamily, prefix: [UInt8], snapshot: OpaquePointer?
    ) throws(StoreError) {
        let column = try database.family(family).handle
        self.database = database
        options = rocksdb_readoptions_create()
        lower = Self.copy(prefix)
        upper = Self.copy(prefix.prefixSuccessor ?? [])
        if let snapshot { rocksdb_readoptions_set_snapshot(options, snapshot) }
        if !lower.isEmpty { rocksdb_readoptions_set_iterate_lower_bound(options, lower.baseAddress, lower.count) }
        if !upper.isEmpty { rocksdb_readoptions_set_iterate_upper_bound(options, upper.baseAddress, upper.count) }
        iterator = rocksdb_create_iterator_cf(database.handle, options, column)
    }

    deinit {
        rocksdb_iter_destroy(iterator)
        rocksdb_readoptions_destroy(options)
        lower.deallocate()
        upper.deallocate()
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeMutableBufferPointer<CChar> {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = buffer.initialize(from: bytes.lazy.map { CChar(bitPattern: $0) })
        return buffer
    }

    /// The present key; nil past the end. Valid until the cursor moves.
    var key: UnsafeRawBufferPointer? {
        guard rocksdb_iter_valid(iterator) != 0 else { return nil }
        var count = 0
        let start = rocksdb_iter_key(iterator, &count)
        return UnsafeRawBufferPointer(start: start, count: count)
    }

    /// The present value; only where ``key`` is not nil. Valid until the cursor moves.
    var value: UnsafeRawBufferPointer {
        var count = 0
        let start = rocksdb_iter_value(iterator, &count)
        return UnsafeRawBufferPointer(start: start, count: count)
    }

    /// To the first key at or above `key` (at or below it with `reverse`); nil: to the first (last) of the prefix.
    func seek(_ key: [UInt8]?, reverse: Bool) {
        switch (key, reverse) {
        case (let key?, false): key.withCBytes { rocksdb_iter_seek(iterator, $0, $1) }
        case (let key?, true): key.withCBytes { rocksdb_iter_seek_for_prev(iterator, $0, $1) }
        case (nil, false): rocksdb_iter_seek_to_first(iterator)
        case (nil, true): rocksdb_iter_seek_to_last(iterator)
        }
    }

    func move(reverse: Bool) {
        if reverse { rocksdb_iter_prev(iterator) } else { rocksdb_iter_next(iterator) }
    }

    /// An iterator that met an error looks like one at its end: ask after the last key.
    func check() throws(StoreError) {
        try Database.checked(database.path) { failure in rocksdb_iter_get_error(iterator, &failure) }
    }
}

extension Database {
    func scan(
        _ family: ColumnFamily, prefix: [UInt8], from: [UInt8]?, reverse: Bool, snapshot: OpaquePointer?,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let cursor = try Cursor(self, family, prefix: prefix, snapshot: snapshot)
        cursor.seek(from, reverse: reverse)
        while let key = cursor.key {
            // Prefixes without a successor (all FF) have no upper bound.
            if key.hasPrefix(prefix) {
                guard try body(key, cursor.value) else { return }
            } else if !reverse {
                break
            }
            cursor.move(reverse: reverse)
        }
        try cursor.check()
    }
}
