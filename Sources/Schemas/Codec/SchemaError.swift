/// Why bytes are not the event they should be: what is wrong, in which field, at which byte.
public struct SchemaError: Error, Equatable, Sendable {
    /// What is wrong. The raw values are codes that dead letters carry; they never change.
    public enum Reason: String, Sendable, CaseIterable {
        // The bytes cannot be read.
        case syntax = "syntax"
        case truncated = "truncated"
        case trailingBytes = "trailing-bytes"
        case tooDeep = "too-deep"
        case wrongType = "wrong-type"
        case duplicateField = "duplicate-field"
        case invalidUTF8 = "invalid-utf8"
        case invalidEscape = "invalid-escape"
        case invalidNumber = "invalid-number"
        case invalidTimestamp = "invalid-timestamp"
        // They can be read, but what they say cannot be used.
        case unknownContentType = "unknown-content-type"
        case missing = "missing"
        case tooLong = "too-long"
        case tooMany = "too-many"
        case keyMismatch = "key-mismatch"
        case timeTooEarly = "time-too-early"
        case timeTooLate = "time-too-late"
        case invalidKey = "invalid-key"
        case notFinite = "not-finite"
    }

    /// What is wrong.
    public let reason: Reason

    /// Path of the field, as in `items[3].score`; empty for the value as a whole. `key`, `timestamp` and `content-type`
    /// are the record's own.
    public private(set) var field: String

    /// Byte of the value at which it was noticed; nil where no byte is to blame.
    public let offset: Int?

    /// What was found and what to do about it, in a sentence.
    public let detail: String

    package init(_ reason: Reason, field: String = "", offset: Int? = nil, detail: String? = nil) {
        self.reason = reason
        self.field = field
        self.offset = offset
        self.detail = detail ?? reason.explanation
    }

    /// The same error as seen from outside: `score` within `items[3]` is `items[3].score`.
    func inside(_ outer: String) -> SchemaError {
        var error = self
        error.field = field.isEmpty ? outer : outer + (field.hasPrefix("[") ? "" : ".") + field
        return error
    }

    func inside(element index: Int) -> SchemaError { inside("[\(index)]") }
}

extension SchemaError: CustomStringConvertible {
    /// Field, byte, code and the sentence.
    public var description: String {
        let place = field.isEmpty ? "the value" : "'\(field)'"
        let byte = offset.map { " at byte \($0)" } ?? ""
        return "\(place) is refused\(byte) (\(reason.rawValue)): \(detail)"
    }
}

extension SchemaError.Reason {
    /// What the reason means where no more is known.
    var explanation: String {
        switch self {
        case .syntax: "the bytes do not follow the grammar of the content type; send valid JSON or protobuf"
        case .truncated: "the value ends too early; send it whole"
        case .trailingBytes: "something follows after the end of the object; send one object a record"
        case .tooDeep: "nested too deeply; at most \(WireLimits.depth) levels are read"
        case .wrongType: "the value has another type than the field; see Topics/*.proto"
        case .duplicateField: "the field is there twice; send it once"
        case .invalidUTF8: "the text is not UTF-8; encode it as UTF-8"
        case .invalidEscape: "a JSON escape is malformed or names half of a surrogate pair"
        case .invalidNumber: "not a number, or one that the field's type cannot hold"
        case .invalidTimestamp:
            "not a time; write RFC 3339 with a zone, as in 2024-05-01T12:00:00Z, in the years 1 to 9999"
        case .unknownContentType: "send application/json or application/x-protobuf, or no content-type for JSON"
        case .missing: "a value is needed here"
        case .tooLong: "longer than allowed"
        case .tooMany: "more entries than allowed"
        case .keyMismatch: "the record's key and the payload name different ids; leave one out or make them agree"
        case .timeTooEarly: "the time lies too far in the past"
        case .timeTooLate: "the time lies too far ahead of the record's timestamp; check the sender's clock"
        case .invalidKey: "the record's key does not have the form that the topic asks for"
        case .notFinite: "NaN and infinity have no place in an event"
        }
    }
}
