import CRocksDB

/// A store's state at one moment. Keeps the store's files open until it is released.
///
/// `@unchecked Sendable`: both pointers are set in `init` and never change, and RocksDB lets any threads read one
/// snapshot at once.
public final class Snapshot: StateReader, @unchecked Sendable {
    private let database: Database
    private let snapshot: OpaquePointer
    private let readOptions: OpaquePointer

    init(_ database: Database) throws(StoreError) {
        guard let snapshot = rocksdb_create_snapshot(database.handle), let options = rocksdb_readoptions_create()
        else { throw StoreError(.io, path: database.path, "RocksDB gave no snapshot") }
        rocksdb_readoptions_set_snapshot(options, snapshot)
        self.database = database
        self.snapshot = snapshot
        readOptions = options
    }

    deinit {
        rocksdb_readoptions_destroy(readOptions)
        rocksdb_release_snapshot(database.handle, snapshot)
    }

    /// See ``StateReader``.
    public func withValue<Result>(
        _ family: ColumnFamily, _ key: [UInt8],
        _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try database.withValue(family, key, options: readOptions, body)
    }

    /// See ``StateReader``.
    public func scan(
        _ family: ColumnFamily, prefix: [UInt8], from: [UInt8]?, reverse: Bool,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try database.scan(family, prefix: prefix, from: from, reverse: reverse, snapshot: snapshot, body)
    }
}
