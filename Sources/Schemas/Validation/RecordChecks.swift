/// The checks that all incoming records share. `key`, `timestamp` and `content-type` in errors are the record's own.
enum RecordChecks {
    /// Reads a value in the form that its content-type header names.
    static func message<Payload: Message>(
        _ type: Payload.Type, _ value: [UInt8], _ contentType: [UInt8]?
    ) throws(SchemaError) -> Payload {
        try Payload.decode(value, contentType: ContentType(header: contentType))
    }

    /// The same for values from outside, of which oversized ones are refused unread.
    static func foreignMessage<Payload: Message>(
        _ type: Payload.Type, _ value: [UInt8], _ contentType: [UInt8]?
    ) throws(SchemaError) -> Payload {
        guard value.count <= EventLimits.valueBytes else {
            throw SchemaError(
                .tooLong,
                detail: "the value has \(value.count) bytes; at most \(EventLimits.valueBytes) are read")
        }
        return try message(type, value, contentType)
    }

    /// The id that key and payload agree on: either may be left out, and where both are there they must be equal.
    static func id(_ payload: String, _ field: String, key: [UInt8]?) throws(SchemaError) -> [UInt8] {
        let key = key ?? []
        if payload.isEmpty { return try id(key: key, field) }
        let id = try self.id(payload, field)
        guard key.isEmpty || key == id else {
            throw SchemaError(
                .keyMismatch, field: field,
                detail: "the record's key is '\(shown(key))', the payload says '\(shown(id))'; leave one out or make "
                    + "them agree")
        }
        return id
    }

    /// An id that only the payload can say.
    static func id(_ payload: String, _ field: String) throws(SchemaError) -> [UInt8] {
        guard !payload.isEmpty else { throw SchemaError(.missing, field: field, detail: "an id is needed here") }
        try length(payload, EventLimits.idBytes, field)
        return Array(payload.utf8)
    }

    /// An id that only the key says, as in a tombstone.
    static func id(key: [UInt8]?, _ field: String = "key") throws(SchemaError) -> [UInt8] {
        guard let key, !key.isEmpty else {
            throw SchemaError(.missing, field: field, detail: "an id is needed, in the record's key or in the payload")
        }
        guard key.count <= EventLimits.idBytes else { throw tooLong("key", key.count, EventLimits.idBytes) }
        guard key.withUnsafeBufferPointer({ CheckedBytes($0).isUTF8(0..<$0.count) }) else {
            throw SchemaError(.invalidUTF8, field: "key")
        }
        return key
    }

    static func length(_ text: String, _ limit: Int, _ field: String) throws(SchemaError) {
        guard text.utf8.count <= limit else { throw tooLong(field, text.utf8.count, limit) }
    }

    /// Event time in milliseconds since 1970: the payload's, or else the record's timestamp.
    static func time(
        _ time: Timestamp?, _ field: String, recordTimestamp: Int64?
    ) throws(SchemaError) -> Int64 {
        guard let recordTimestamp, recordTimestamp >= 0 else {
            throw SchemaError(
                .missing, field: "timestamp",
                detail: "the record has no timestamp to compare event times with; use message format 2 or later")
        }
        let milliseconds = time?.milliseconds ?? recordTimestamp
        guard milliseconds >= EventLimits.earliestTime else {
            throw SchemaError(
                .timeTooEarly, field: field,
                detail: "\(Timestamp(milliseconds: milliseconds)) lies before the year 2000; check unit and clock of "
                    + "the sender")
        }
        guard milliseconds <= EventLimits.latestTime else {
            throw SchemaError(
                .timeTooLate, field: field,
                detail: "\(milliseconds) ms since 1970 lie beyond the year 9999; check unit and clock of the sender")
        }
        guard milliseconds - EventLimits.leadMilliseconds <= recordTimestamp else {
            throw SchemaError(
                .timeTooLate, field: field,
                detail: "\(Timestamp(milliseconds: milliseconds)) lies more than an hour ahead of the record's "
                    + "timestamp \(Timestamp(milliseconds: recordTimestamp)); check the sender's clock")
        }
        return milliseconds
    }

    /// The value of a record on a topic that knows no tombstones.
    static func present(_ value: [UInt8]?) throws(SchemaError) -> [UInt8] {
        guard let value else { throw SchemaError(.missing, detail: "a record without a value means nothing here") }
        return value
    }

    /// Stream time as a stage wrote it, in milliseconds since 1970.
    static func streamTime(_ time: Timestamp?) throws(SchemaError) -> Int64 {
        guard let time else { throw SchemaError(.missing, field: "time") }
        return time.milliseconds
    }

    private static func tooLong(_ field: String, _ count: Int, _ limit: Int) -> SchemaError {
        SchemaError(.tooLong, field: field, detail: "\(count) bytes of UTF-8; at most \(limit) are allowed")
    }

    private static func shown(_ id: [UInt8]) -> String { String(decoding: id.prefix(60), as: UTF8.self) }
}
