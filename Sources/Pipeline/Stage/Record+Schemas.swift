import EventLog
import Schemas

/// Records as events: what the broker hands over, read by the schemas.
extension Record {
    /// The record's own time, or a negative number where it has none.
    var timestampOrNone: Int64 { timestamp ?? -1 }

    /// The `content-type` header.
    var contentType: [UInt8]? { header(ContentType.headerName) }
}

extension IncomingNote {
    /// Reads and checks a record of the topic notes.
    public static func decode(_ record: Record) throws(SchemaError) -> IncomingNote {
        try decode(
            key: record.key, value: record.value, contentType: record.contentType,
            recordTimestamp: record.timestampOrNone)
    }
}

extension IncomingClick {
    static func decode(_ record: Record) throws(SchemaError) -> IncomingClick {
        try decode(
            key: record.key, value: record.value, contentType: record.contentType,
            recordTimestamp: record.timestampOrNone)
    }
}

extension Message {
    /// Reads a record that is no tombstone.
    public static func decode(_ record: Record) throws(SchemaError) -> Self {
        guard let value = record.value else {
            throw SchemaError(.missing, field: "value", detail: "a tombstone has no meaning here")
        }
        return try decode(value, contentType: ContentType(header: record.contentType))
    }
}

extension DeadLetter {
    /// Tells, in bytes, of a value too large for the dead letters.
    package static let leftOutHeader = "dead-letter-value-left-out"

    /// The record set aside: its own key, bytes and headers, and why. Of headers that tell of an earlier time it was set
    /// aside only the count of retries stays: the others would be taken for this letter's.
    ///
    /// - Parameter limit: bytes that the topic of dead letters accepts. A record that would not fit leaves its value behind,
    ///   and at need its headers: what cannot be read must not stop the rest, and its origin says where to find it.
    package static func record(
        _ record: Record, _ error: SchemaError, stage: String, limit: Int
    ) -> (key: [UInt8]?, value: [UInt8]?, headers: [Header]) {
        let letter = DeadLetter(
            error, stage: stage, topic: record.topic, partition: record.partition, offset: record.offset,
            recordTimestamp: record.timestamp, retries: retries(header: record.header(retriesHeader)))
        let own = record.headers.filter { !$0.name.hasPrefix(headerPrefix) }
        let reason = letter.headers.map { Header($0.name, $0.value) }
        // Room for Kafka's own framing.
        let room = limit - 1_024 - (record.key?.count ?? 0) - bytes(of: reason)
        let size = record.value?.count ?? 0
        if bytes(of: own) + size <= room { return (record.key, record.value, own + reason) }
        let leftOut = Header(leftOutHeader, String(size))
        let kept = bytes(of: own) <= room ? own : []
        return (record.key, nil, kept + reason + [leftOut])
    }

    /// Reads the letter that a record carries; nil where it is none.
    package init?(_ record: Record) {
        self.init(headers: record.headers.lazy.map { (name: $0.name, value: $0.value ?? []) })
    }

    private static func bytes(of headers: [Header]) -> Int {
        headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) + 10 }
    }
}
