import EventLog

/// When a note's journey through the stages began, and the trace it belongs to: carried in headers from `notes` to the
/// note's profile and on to the list that it causes. No state depends on it.
package struct Origin: Sendable {
    /// The timestamp of the note's record, in milliseconds since 1970.
    package var posted: Int64?
    /// Where that record lies, for the log; known to the stage that read it.
    package var record: (place: TopicPartition, offset: Int64)?
    /// The timestamp of its profile's record, in milliseconds since 1970.
    package var profiled: Int64?
    /// The trace that the note's record named.
    package var trace: TraceContext?

    package static let postedHeader = "notestream-posted"
    package static let profiledHeader = "notestream-profiled"

    /// Of a record that a producer outside wrote: it begins here.
    package init(posted record: Record) {
        posted = record.timestamp
        self.record = (record.topicPartition, record.offset)
        trace = TraceContext(record)
    }

    /// Of a profile's record; nil where no note's arrival caused it (a swap of model versions did).
    package init?(profiled record: Record) {
        guard let posted = Self.milliseconds(record, Self.postedHeader) else { return nil }
        self.posted = posted
        profiled = record.timestamp
        trace = TraceContext(record)
    }

    /// For the records that this one causes, as the next step of its trace.
    package var headers: [Header] {
        var headers: [Header] = []
        if let posted { headers.append(Header(Self.postedHeader, String(posted))) }
        if let profiled { headers.append(Header(Self.profiledHeader, String(profiled))) }
        return headers + (trace?.child().headers ?? [])
    }

    /// A header's moment, in milliseconds since 1970; nil where there is none.
    package static func milliseconds(_ record: Record, _ name: String) -> Int64? {
        record.header(name).flatMap { Int64(String(decoding: $0, as: UTF8.self)) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}

/// Where a record stands in a distributed trace: W3C Trace Context, version 00.
package struct TraceContext: Sendable, Equatable {
    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// The span that caused this record: 16 lower-case hexadecimal digits, not all zero.
    package let parentID: String
    /// Two hexadecimal digits; the last bit says that the trace is recorded.
    package let flags: String
    /// Handed on as it came; left out where it is longer than everyone has to take, since it must not make records grow
    /// beyond what their topics take.
    package let state: [UInt8]?

    private static let stateLimit = 512

    /// Reads the headers `traceparent` and `tracestate`; nil where the first is missing or is none.
    package init?(_ record: Record) {
        guard let bytes = record.header("traceparent") else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", Self.isID(parts[1], 32), Self.isID(parts[2], 16),
            Self.isHexadecimal(parts[3], 2)
        else { return nil }
        self.init(
            traceID: String(parts[1]), parentID: String(parts[2]), flags: String(parts[3]),
            state: record.header("tracestate").flatMap { $0.count <= Self.stateLimit ? $0 : nil })
    }

    private init(traceID: String, parentID: String, flags: String, state: [UInt8]?) {
        self.traceID = traceID
        self.parentID = parentID
        self.flags = flags
        self.state = state
    }

    /// The same trace, one step on.
    package func child() -> TraceContext {
        let id = String(UInt64.random(in: 1...UInt64.max), radix: 16)
        return TraceContext(
            traceID: traceID, parentID: String(repeating: "0", count: 16 - id.count) + id, flags: flags, state: state)
    }

    package var headers: [Header] {
        [Header("traceparent", "00-\(traceID)-\(parentID)-\(flags)")] + (state.map { [Header("tracestate", $0)] } ?? [])
    }

    private static func isID(_ text: Substring, _ digits: Int) -> Bool {
        isHexadecimal(text, digits) && text.contains { $0 != "0" }
    }

    private static func isHexadecimal(_ text: Substring, _ digits: Int) -> Bool {
        text.utf8.count == digits
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
