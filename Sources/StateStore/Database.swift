import CRocksDB
import Foundation

/// An open RocksDB with its column family handles; closes when the last reference goes.
///
/// `@unchecked Sendable`: all fields are set in `init` and never change, and RocksDB's C API allows every call made
/// through them (get, iterate, write, flush, snapshot) from any number of threads at once.
final class Database: @unchecked Sendable {
    struct Family {
        let handle: OpaquePointer
        let merge: MergeOperator?
    }

    let path: String
    let handle: OpaquePointer
    let readOptions: OpaquePointer
    private let writeOptions: OpaquePointer
    private let families: [ColumnFamily: Family]
    private let defaultFamily: OpaquePointer

    init(path: String, families wanted: [ColumnFamily], options: StoreOptions) throws(StoreError) {
        guard Set(wanted.map(\.name)).count == wanted.count, !wanted.contains(where: { $0.name == "default" }) else {
            throw StoreError(
                .invalidArgument, path: path, "families \(wanted.map(\.name)) must differ and not be 'default'")
        }
        if options.createIfMissing {
            do {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } catch {
                throw StoreError(.io, path: path, "cannot make the folder (\(error.localizedDescription))")
            }
        }
        let shared = RocksOptions(options)
        let names = ["default"] + wanted.map(\.name)
        try Self.refuseUnknownFamilies(path: path, known: names, options: shared)

        let perFamily = [shared.handle] + wanted.map { shared.family(merge: $0.merge) }
        defer { perFamily.dropFirst().forEach { rocksdb_options_destroy($0) } }
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        let opened = try Self.checked(path) { failure in
            withCStrings(names) { cNames in
                perFamily.map(Optional.some).withUnsafeBufferPointer { cOptions in
                    rocksdb_open_column_families(
                        shared.handle, path, Int32(names.count), cNames, cOptions.baseAddress, &handles, &failure)
                }
            }
        }
        let all = handles.compactMap { $0 }
        guard let opened, all.count == names.count, let reading = rocksdb_readoptions_create(),
            let writing = rocksdb_writeoptions_create()
        else { throw StoreError(.io, path: path, "RocksDB opened no database and gave no reason") }

        self.path = path
        handle = opened
        readOptions = reading
        writeOptions = writing
        defaultFamily = all[0]
        families = Dictionary(
            uniqueKeysWithValues: zip(wanted, all.dropFirst()).map { ($0, Family(handle: $1, merge: $0.merge)) })
    }

    deinit {
        rocksdb_readoptions_destroy(readOptions)
        rocksdb_writeoptions_destroy(writeOptions)
        for family in families.values { rocksdb_column_family_handle_destroy(family.handle) }
        rocksdb_column_family_handle_destroy(defaultFamily)
        rocksdb_close(handle)
    }

    /// RocksDB opens all families or none: one written by another version would fail with a riddle.
    private static func refuseUnknownFamilies(
        path: String, known: [String], options: RocksOptions
    ) throws(StoreError) {
        guard FileManager.default.fileExists(atPath: path + "/CURRENT") else { return }
        var count = 0
        let list = try checked(path) { failure in
            rocksdb_list_column_families(options.handle, path, &count, &failure)
        }
        guard let list else { return }
        defer { rocksdb_list_column_families_destroy(list, count) }
        let unknown = (0..<count).compactMap { list[$0].map { String(cString: $0) } }.filter { !known.contains($0) }
        guard unknown.isEmpty else {
            throw StoreError(
                .otherVersion, path: path,
                "holds the families \(unknown) of another version or stage; choose another state directory, or delete"
                    + " this one and let it be replayed")
        }
    }

    func family(_ family: ColumnFamily) throws(StoreError) -> Family {
        guard let found = families[family] else {
            throw StoreError(
                .invalidArgument, path: path,
                "column family '\(family.name)' was not opened with this merge operator; name it in Store(families:)")
        }
        return found
    }

    // MARK: Calls

    /// Runs a C call that reports failure through an error string.
    static func checked<Result>(
        _ path: String, _ call: (inout UnsafeMutablePointer<CChar>?) -> Result
    ) throws(StoreError) -> Result {
        var failure: UnsafeMutablePointer<CChar>?
        let result = call(&failure)
        if let failure {
            defer { rocksdb_free(failure) }
            throw StoreError(status: String(cString: failure), path: path)
        }
        return result
    }

    func withValue<Result>(
        _ family: ColumnFamily, _ key: [UInt8], options: OpaquePointer,
        _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let column = try self.family(family).handle
        let pinned = try Self.checked(path) { failure in
            key.withCBytes { rocksdb_get_pinned_cf(handle, options, column, $0, $1, &failure) }
        }
        guard let pinned else { return try body(nil) }
        defer { rocksdb_pinnableslice_destroy(pinned) }
        var count = 0
        let start = rocksdb_pinnableslice_value(pinned, &count)
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    func write(_ batch: OpaquePointer) throws(StoreError) {
        try Self.checked(path) { failure in rocksdb_write(handle, writeOptions, batch, &failure) }
    }
}

/// RocksDB's options, from ours. Owns the database-wide options, the cache and the table format they share.
private final class RocksOptions {
    let handle: OpaquePointer

    init(_ options: StoreOptions) {
        handle = rocksdb_options_create()
        rocksdb_options_set_create_if_missing(handle, options.createIfMissing ? 1 : 0)
        rocksdb_options_set_create_missing_column_families(handle, 1)
        rocksdb_options_set_max_open_files(handle, Int32(clamping: options.maximumOpenFiles))
        rocksdb_options_set_max_background_jobs(handle, Int32(clamping: options.backgroundJobs))
        rocksdb_options_set_db_write_buffer_size(handle, options.writeBuffersBytes)
        rocksdb_options_set_write_buffer_size(handle, max(options.writeBuffersBytes / 2, 1 << 16))
        rocksdb_options_set_max_total_wal_size(handle, UInt64(options.writeBuffersBytes) * 2)
        rocksdb_options_set_keep_log_file_num(handle, 2)
        // Fatal only. Debian builds RocksDB with assertions on, and its info log aborts the process when it is written
        // to after the disk filled up: exactly when it has something to say.
        rocksdb_options_set_info_log_level(handle, 4)
        rocksdb_options_set_stats_dump_period_sec(handle, 0)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(handle, 1)
        rocksdb_options_set_compression(handle, Int32(rocksdb_lz4_compression))

        let table = rocksdb_block_based_options_create()
        let cache = rocksdb_cache_create_lru(options.blockCacheBytes)
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
        rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1)
        // In parts of a block's size: a whole table's filter takes most of a cache shard, and reading it again for
        // every key made gets ten times slower.
        rocksdb_block_based_options_set_index_type(
            table, Int32(rocksdb_block_based_table_index_type_two_level_index_search))
        rocksdb_block_based_options_set_partition_filters(table, 1)
        rocksdb_block_based_options_set_pin_top_level_index_and_filter(table, 1)
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        rocksdb_block_based_options_set_format_version(table, 5)
        rocksdb_options_set_block_based_table_factory(handle, table)
        rocksdb_block_based_options_destroy(table)
        rocksdb_cache_destroy(cache)  // the table factory keeps its own reference
    }

    /// A copy for one family, with its merge operator.
    func family(merge: MergeOperator?) -> OpaquePointer {
        let copy: OpaquePointer = rocksdb_options_create_copy(handle)
        if let merge { rocksdb_options_set_merge_operator(copy, merge.makeHandle()) }
        return copy
    }

    deinit { rocksdb_options_destroy(handle) }
}

/// C strings of all `texts` at once.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    let copies = texts.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer { body($0.baseAddress) }
}

extension Array where Element == UInt8 {
    /// The bytes as C sees them.
    @inline(__always)
    func withCBytes<Result>(_ body: (UnsafePointer<CChar>?, Int) -> Result) -> Result {
        withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    }
}
