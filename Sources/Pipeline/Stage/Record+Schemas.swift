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
    /// The record set aside: its own key, bytes and headers, and why.
    static func record(
        _ record: Record, _ error: SchemaError, stage: String, originalTopic: String
    ) -> (key: [UInt8]?, value: [UInt8]?, headers: [Header]) {
        let letter = DeadLetter(
            error, stage: stage, topic: originalTopic, partition: record.partition, offset: record.offset,
            recordTimestamp: record.timestampOrNone)
        return (record.key, record.value, record.headers + letter.headers.map { Header($0.name, $0.value) })
    }
}
