import EventLog
import StateStore

/// Positions in the store, written with the changes they stand for.
struct Positions {
    static let family = ColumnFamily("positions")
    private static let writtenKey: [UInt8] = []

    private static func key(_ partition: TopicPartition) -> [UInt8] {
        KeyBuilder().id(Array(partition.topic.utf8)).uint32(UInt32(bitPattern: partition.partition)).bytes
    }

    static func read(_ partition: TopicPartition, in reader: some StateReader) throws(StoreError) -> Position? {
        guard let value = try reader.get(family, key(partition)), value.count == 16 else { return nil }
        return Position(offset: Int64(littleEndianBytes: value[0..<8]), timers: Int64(littleEndianBytes: value[8..<16]))
    }

    static func write(_ position: Position, of partition: TopicPartition, in batch: Batch) throws(StoreError) {
        try batch.put(family, key(partition), position.offset.littleEndianBytes + position.timers.littleEndianBytes)
    }

    static func clear(_ partition: TopicPartition, in batch: Batch) throws(StoreError) {
        try batch.delete(family, key(partition))
    }

    /// Wall-clock milliseconds of the last write: what tombstones may have been missed depends on it.
    static func lastWritten(in reader: some StateReader) throws(StoreError) -> Int64? {
        guard let value = try reader.get(family, writtenKey), value.count == 8 else { return nil }
        return Int64(littleEndianBytes: value[0..<8])
    }

    static func stampWritten(_ milliseconds: Int64, in batch: Batch) throws(StoreError) {
        try batch.put(family, writtenKey, milliseconds.littleEndianBytes)
    }
}

extension Int64 {
    init(littleEndianBytes bytes: ArraySlice<UInt8>) {
        self = bytes.reversed().reduce(into: Int64(0)) { $0 = $0 << 8 | Int64($1) }
    }

    var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
