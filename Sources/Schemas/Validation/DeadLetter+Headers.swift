extension DeadLetter {
    /// What every header of a dead letter begins with.
    public static let headerPrefix = "dead-letter-"

    /// The letter for a record that `stage` could not read.
    public init(
        _ error: SchemaError, stage: String, topic: String, partition: Int32, offset: Int64, recordTimestamp: Int64?
    ) {
        let byte = error.offset.map { " (byte \($0))" } ?? ""
        self.init(
            stage: stage, reason: error.reason.rawValue, field: error.field, detail: error.detail + byte, topic: topic,
            partition: partition, offset: offset,
            time: recordTimestamp.map { Timestamp(milliseconds: $0) })
    }

    /// The headers that carry the letter, beside the original's own. Fields without a value are left out; partition and
    /// offset always have one.
    public var headers: [(name: String, value: [UInt8])] {
        let fields: [(String, String)] = [
            ("stage", stage), ("reason", reason), ("field", field), ("detail", detail), ("topic", topic),
            ("partition", "\(partition)"), ("offset", "\(offset)"), ("time", time?.description ?? ""),
        ]
        return fields.filter { !$0.1.isEmpty }.map { (Self.headerPrefix + $0.0, Array($0.1.utf8)) }
    }

    /// Reads the letter back; headers of other names are the original's and left alone. nil where the record is no dead
    /// letter. Of a header given twice the last counts: a record may be set aside twice.
    public init?(headers: some Sequence<(name: String, value: [UInt8])>) {
        var fields: [Substring: String] = [:]
        for header in headers where header.name.hasPrefix(Self.headerPrefix) {
            fields[header.name.dropFirst(Self.headerPrefix.count)] = String(decoding: header.value, as: UTF8.self)
        }
        guard let stage = fields["stage"], let reason = fields["reason"] else { return nil }
        self.init(
            stage: stage, reason: reason, field: fields["field"] ?? "", detail: fields["detail"] ?? "",
            topic: fields["topic"] ?? "", partition: fields["partition"].flatMap { Int32($0) } ?? 0,
            offset: fields["offset"].flatMap { Int64($0) } ?? 0, time: fields["time"].flatMap { Timestamp($0) })
    }
}
