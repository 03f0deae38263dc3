extension DeadLetter {
    /// What every header of a dead letter begins with. The names are notestream's own: of a record that is set aside
    /// again, only the count of retries stays.
    public static let headerPrefix = "dead-letter-"

    /// Carries the count of retries, on a letter and on the record that a retry sends.
    public static let retriesHeader = "dead-letter-retries"

    /// The letter for a record that `stage` could not read.
    public init(
        _ error: SchemaError, stage: String, topic: String, partition: Int32, offset: Int64, recordTimestamp: Int64?,
        retries: Int32 = 0
    ) {
        let byte = error.offset.map { " (byte \($0))" } ?? ""
        self.init(
            stage: stage, reason: error.reason.rawValue, field: error.field, detail: error.detail + byte, topic: topic,
            partition: partition, offset: offset,
            time: recordTimestamp.map { Timestamp(milliseconds: $0) }, retries: retries)
    }

    /// The headers that carry the letter, beside the original's own. Fields without a value are left out; partition and
    /// offset always have one.
    public var headers: [(name: String, value: [UInt8])] {
        let fields: [(String, String)] = [
            ("stage", stage), ("reason", reason), ("field", field), ("detail", detail), ("topic", topic),
            ("partition", "\(partition)"), ("offset", "\(offset)"), ("time", time?.description ?? ""),
            ("retries", retries == 0 ? "" : "\(retries)"),
        ]
        return fields.filter { !$0.1.isEmpty }.map { (Self.headerPrefix + $0.0, Array($0.1.utf8)) }
    }

    /// Reads the letter back; headers of other names are the original's and left alone. nil where the record is no dead
    /// letter. Of a header given twice the last counts.
    public init?(headers: some Sequence<(name: String, value: [UInt8])>) {
        var fields: [Substring: String] = [:]
        for header in headers where header.name.hasPrefix(Self.headerPrefix) {
            fields[header.name.dropFirst(Self.headerPrefix.count)] = String(decoding: header.value, as: UTF8.self)
        }
        guard let stage = fields["stage"], let reason = fields["reason"] else { return nil }
        self.init(
            stage: stage, reason: reason, field: fields["field"] ?? "", detail: fields["detail"] ?? "",
            topic: fields["topic"] ?? "", partition: fields["partition"].flatMap { Int32($0) } ?? 0,
            offset: fields["offset"].flatMap { Int64($0) } ?? 0, time: fields["time"].flatMap { Timestamp($0) },
            retries: Self.retries(fields["retries"]))
    }

    /// Reads the header's count; what is no count counts as none.
    public static func retries(header: [UInt8]?) -> Int32 {
        retries(header.map { String(decoding: $0, as: UTF8.self) })
    }

    private static func retries(_ text: String?) -> Int32 { max(0, text.flatMap { Int32($0) } ?? 0) }
}
