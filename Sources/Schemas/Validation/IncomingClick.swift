/// A record of the topic `clicks`, checked: what the session stage works with.
public enum IncomingClick: Equatable, Sendable {
    /// A user touched a note; `time` is event time in milliseconds since 1970.
    case click(user: [UInt8], note: [UInt8], time: Int64)
    /// Nobody clicked: stream time moves on to `time`.
    case tick(time: Int64)
    /// The user's clicks are to be forgotten. A tombstone has no time of its own.
    case forget(user: [UInt8])

    /// Reads and checks a record.
    ///
    /// - Parameters:
    ///   - key: the user's id, unless the payload says it; none for a tick.
    ///   - value: a `Click`; nil forgets the user.
    ///   - contentType: the `content-type` header's value; nil for JSON.
    ///   - recordTimestamp: milliseconds since 1970, stands in for a missing event time and bounds one from above;
    ///     nil, which brokers of today never give, is refused.
    public static func decode(
        key: [UInt8]?, value: [UInt8]?, contentType: [UInt8]?, recordTimestamp: Int64?
    ) throws(SchemaError) -> IncomingClick {
        guard let value else { return .forget(user: try RecordChecks.id(key: key)) }
        let click = try RecordChecks.foreignMessage(Click.self, value, contentType)
        return try IncomingClick(click, key: key, recordTimestamp: recordTimestamp)
    }

    /// Checks a decoded click.
    public init(_ click: Click, key: [UInt8]?, recordTimestamp: Int64?) throws(SchemaError) {
        if click.user.isEmpty, click.note.isEmpty, key?.isEmpty ?? true {
            // An object of unknown fields alone would read as a tick too: the time tells them apart.
            guard let time = click.time else {
                throw SchemaError(.missing, field: "time", detail: "a click needs user and note, a tick needs a time")
            }
            self = .tick(time: try RecordChecks.time(time, "time", recordTimestamp: recordTimestamp))
            return
        }
        let user = try RecordChecks.id(click.user, "user", key: key)
        let note = try RecordChecks.id(click.note, "note")
        try RecordChecks.length(click.kind, EventLimits.kindBytes, "kind")
        let time = try RecordChecks.time(click.time, "time", recordTimestamp: recordTimestamp)
        self = .click(user: user, note: note, time: time)
    }
}
