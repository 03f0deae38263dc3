import CRocksDB
import Synchronization

/// A folder of column families on RocksDB: one writer at a time, any number of readers.
///
/// Sendable because its one field that changes lies in a `Mutex`; each call takes its own reference to the database,
/// so that closing never pulls it away under a reader.
public final class Store: StateReader, Sendable {
    /// The folder.
    public let path: String
    private let open: Mutex<Database?>

    /// Opens the folder, making it and the missing families.
    ///
    /// - Throws: `.locked` when it is open elsewhere, `.corrupted` when its files are damaged, `.invalidArgument` when
    ///   it holds families that `families` does not name, `.noSpace`, `.io`.
    public init(path: String, families: [ColumnFamily], options: StoreOptions = StoreOptions()) throws(StoreError) {
        self.path = path
        let database = try Database(path: path, families: families, options: options)
        open = Mutex(database)
    }

    /// Closes the store; later calls throw `.closed`. Its files are let go once running reads and snapshots end.
    public func close() {
        let last = open.withLock { database in
            defer { database = nil }
            return database
        }
        withExtendedLifetime(last) {}  // closes here, outside the lock
    }

    func database() throws(StoreError) -> Database {
        guard let database = open.withLock({ $0 }) else {
            throw StoreError(.closed, path: path, "was closed; open it again before using it")
        }
        return database
    }

    /// See ``StateReader``.
    public func withValue<Result>(
        _ family: ColumnFamily, _ key: [UInt8],
        _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let database = try database()
        return try database.withValue(family, key, options: database.readOptions, body)
    }

    /// See ``StateReader``. Sees the state at the call, whatever is written meanwhile.
    public func scan(
        _ family: ColumnFamily, prefix: [UInt8], from: [UInt8]?, reverse: Bool,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try database().scan(family, prefix: prefix, from: from, reverse: reverse, snapshot: nil, body)
    }

    /// An empty batch over this store.
    public func makeBatch() -> Batch { Batch(self) }

    /// The state as it is now, readable until released, from any thread.
    public func snapshot() throws(StoreError) -> Snapshot { try Snapshot(database()) }

    /// Writes a consistent copy of the store to a folder that must not exist yet. Table files are hard links where
    /// the file system allows.
    public func checkpoint(to folder: String) throws(StoreError) {
        let database = try database()
        let checkpoint = try Database.checked(path) { failure in
            rocksdb_checkpoint_object_create(database.handle, &failure)
        }
        guard let checkpoint else { throw StoreError(.io, path: path, "RocksDB made no checkpoint object") }
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        try Database.checked(path) { failure in rocksdb_checkpoint_create(checkpoint, folder, 0, &failure) }
    }

    /// Bytes a family takes: its table files and its share of the write buffers. An estimate.
    public func approximateSize(_ family: ColumnFamily) throws(StoreError) -> Int {
        let database = try database()
        let column = try database.family(family).handle
        return ["rocksdb.total-sst-files-size", "rocksdb.cur-size-all-mem-tables"].reduce(0) { total, property in
            var bytes: UInt64 = 0
            rocksdb_property_int_cf(database.handle, column, property, &bytes)
            return total + Int(bytes)
        }
    }

    /// Keys in a family. An estimate: overwritten keys may count twice until a compaction.
    public func approximateCount(_ family: ColumnFamily) throws(StoreError) -> Int {
        let database = try database()
        var count: UInt64 = 0
        rocksdb_property_int_cf(
            database.handle, try database.family(family).handle, "rocksdb.estimate-num-keys", &count)
        return Int(count)
    }

    /// Writes the buffers of a family to table files. Never needed for safety: the log holds them too.
    public func flush(_ family: ColumnFamily) throws(StoreError) {
        let database = try database()
        let column = try database.family(family).handle
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        try Database.checked(path) { failure in rocksdb_flush_cf(database.handle, options, column, &failure) }
    }
}
