/// Reads keys and ranges: of a store, of a batch over it, or of a snapshot.
public protocol StateReader {
    /// Hands the value of `key` (nil when absent) to `body` without copying it; the bytes are valid only inside.
    func withValue<Result>(
        _ family: ColumnFamily, _ key: [UInt8],
        _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Result
    ) throws(StoreError) -> Result

    /// Visits the keys that begin with `prefix`, in byte order, until `body` answers false.
    ///
    /// - Parameters:
    ///   - prefix: empty for the whole family.
    ///   - from: the first key wanted, or the last one with `reverse` (both inclusive, whether present or not);
    ///     nil to begin at the prefix's end.
    ///   - reverse: from high keys to low ones.
    ///   - body: gets key and value, valid only inside; must not change the batch it scans; answers "go on?".
    func scan(
        _ family: ColumnFamily, prefix: [UInt8], from: [UInt8]?, reverse: Bool,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError)
}

extension StateReader {
    /// A copy of the value of `key`; nil when absent.
    public func get(_ family: ColumnFamily, _ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try withValue(family, key) { value throws(StoreError) in value.map { [UInt8]($0) } }
    }

    /// Visits all keys that begin with `prefix` in byte order, until `body` answers false.
    public func scan(
        _ family: ColumnFamily, prefix: [UInt8] = [],
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try scan(family, prefix: prefix, from: nil, reverse: false, body)
    }
}
