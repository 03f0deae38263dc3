import StateStore

/// What became of a pair delta.
public enum PairOutcome: Sendable, Equatable {
    /// It was added to its row.
    case applied
    /// Its bucket has left the window; nothing was changed.
    case expired
}

/// The recommend stage's state of one cooccurrence partition: for each source note and bucket a map of targets.
///
/// For every record the caller first calls ``advance(to:in:)`` with the record's stream time, then ``apply(source:bucket:targets:in:)``.
public struct PairRows: Sendable {
    /// Key: partition, bucket, source, so that a bucket leaves as one key range. Value: score and users by target.
    static let rows = ColumnFamily("pair-sums", merge: .deltaPairs)
    /// Key: partition. Value: stream time.
    static let clocks = ColumnFamily("pair-clocks")

    /// The column families to open the store with.
    public static let families = [rows, clocks]

    /// The cooccurrence partition.
    public let partition: Int32
    private let settings: WindowSettings
    private let prefix: [UInt8]

    /// The state of `partition` in whatever store or batch is passed in.
    public init(partition: Int32, settings: WindowSettings) {
        self.partition = partition
        self.settings = settings
        prefix = KeyBuilder().uint32(UInt32(bitPattern: partition)).bytes
    }

    /// The highest stream time any record carried; nil before the first.
    public func streamTime(in reader: some StateReader) throws(StoreError) -> Int64? {
        try reader.withValue(Self.clocks, prefix) { value throws(StoreError) in
            guard let value else { return nil }
            guard value.count == 8 else {
                throw StoreError(
                    .corrupted,
                    "the clock of cooccurrence partition \(partition) is damaged; delete the store and start again")
            }
            return Int64(littleEndian: value.loadUnaligned(as: Int64.self))
        }
    }

    /// Moves stream time to a record's, never back, and drops the buckets that thereby left the window.
    ///
    /// - Returns: the sources whose rows changed, each once, in byte order.
    public func advance(to time: Int64, in batch: Batch) throws(StoreError) -> [[UInt8]] {
        let before = try streamTime(in: batch)
        if let before, time <= before { return [] }
        try batch.put(Self.clocks, prefix, withUnsafeBytes(of: time.littleEndian) { [UInt8]($0) })
        guard let before else { return [] }
        let (was, now) = (settings.bucket(of: before), settings.bucket(of: time))
        var changed: Set<[UInt8]> = []
        // Of all buckets that left, only the old window's can hold rows.
        let first = was - settings.windowBuckets + 1
        let last = min(now - settings.windowBuckets, was)
        for bucket in stride(from: first, through: last, by: 1) {
            let range = KeyBuilder().uint32(UInt32(bitPattern: partition)).int64(bucket).bytes
            try batch.scan(Self.rows, prefix: range) { key, value throws(StoreError) in
                if !value.isEmpty { changed.insert(try parts(of: key).source) }
                return true
            }
            try batch.wipe(Self.rows, prefix: range)
        }
        return changed.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Adds deltas to a source's row of a bucket, as one merge operand.
    public func apply(
        source: [UInt8], bucket: Int64, targets: [(note: [UInt8], delta: PairSum)], in batch: Batch
    ) throws(StoreError) -> PairOutcome {
        if let now = try streamTime(in: batch), !settings.isLive(bucket: bucket, at: now) { return .expired }
        var operand: [UInt8] = []
        operand.reserveCapacity(targets.reduce(0) { $0 + $1.note.count + 18 })
        for target in targets { DeltaMap.paired.append(target.note, target.delta.numbers, to: &operand) }
        try batch.merge(Self.rows, key(bucket, source), operand)
        return .applied
    }

    /// A source's sums in the window, those with a positive score, targets in byte order.
    public func row(
        _ source: [UInt8], in reader: some StateReader
    ) throws(StoreError) -> [(note: [UInt8], sum: PairSum)] {
        guard let now = try streamTime(in: reader) else { return [] }
        let present = settings.bucket(of: now)
        var joined: [UInt8] = []
        for bucket in present - settings.windowBuckets + 1...present {
            try reader.withValue(Self.rows, key(bucket, source)) { value throws(StoreError) in
                if let value { joined.append(contentsOf: value) }
            }
        }
        var row: [(note: [UInt8], sum: PairSum)] = []
        try DeltaMap.paired.sum(joined).withUnsafeBufferPointer { bytes throws(StoreError) in
            try DeltaMap.paired.forEach(UnsafeRawBufferPointer(bytes)) { note, numbers throws(StoreError) in
                let sum = PairSum(numbers)
                if sum.score > 0 { row.append(([UInt8](note), sum)) }
            }
        }
        return row
    }

    /// Visits all sums of live buckets, by bucket, source and target, in byte order.
    public func forEach(
        in reader: some StateReader,
        _ body: (_ source: [UInt8], _ bucket: Int64, _ target: [UInt8], _ sum: PairSum) throws(StoreError) -> Void
    ) throws(StoreError) {
        try reader.scan(Self.rows, prefix: prefix) { key, value throws(StoreError) in
            let (bucket, source) = try parts(of: key)
            try DeltaMap.paired.forEach(value) { target, numbers throws(StoreError) in
                try body(source, bucket, [UInt8](target), PairSum(numbers))
            }
            return true
        }
    }

    /// Removes the partition's state.
    public func wipe(in batch: Batch) throws(StoreError) {
        for family in Self.families { try batch.wipe(family, prefix: prefix) }
    }

    private func key(_ bucket: Int64, _ source: [UInt8]) -> [UInt8] {
        KeyBuilder(capacity: source.count + 16).uint32(UInt32(bitPattern: partition)).int64(bucket).id(source).bytes
    }

    private func parts(of key: UnsafeRawBufferPointer) throws(StoreError) -> (bucket: Int64, source: [UInt8]) {
        var reader = KeyReader(key)
        _ = try reader.uint32()
        return (try reader.int64(), try reader.id())
    }
}
