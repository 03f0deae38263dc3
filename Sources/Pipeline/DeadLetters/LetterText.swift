import EventLog
import Foundation
import Schemas

/// Dead letters as people and programs read them. All of it may come from strangers, so nothing goes to a terminal that
/// could steer it.
package enum LetterText {
    /// One line: when, where it lies, where from, stage, reason and field, key, the value's first bytes, what became of it.
    package static func line(_ letter: Letter, bytes: Int) -> String {
        let reason = letter.reason
        let origin = "\(escaped(reason.topic))/\(reason.partition)@\(reason.offset)"
        var parts = [
            Timestamp(milliseconds: letter.setAside).description, letter.position.description, origin,
            escaped(reason.stage),
            escaped(reason.reason) + (reason.field.isEmpty ? "" : " at " + escaped(reason.field)),
            "key=" + quoted(letter.key, letter.key?.count, bytes),
            letter.isValueLeftOut
                ? "value=left out (\(letter.valueBytes ?? 0) bytes)"
                : "value=" + quoted(letter.valueStart, letter.valueBytes, bytes),
        ]
        if reason.retries > 0 { parts.append("retries=\(reason.retries)") }
        if letter.isRetried { parts.append("(sent again)") }
        return parts.joined(separator: "  ")
    }

    /// One JSON object. Text that is no UTF-8 is given in base64, under the name with `Base64` behind it.
    package static func json(_ letter: Letter) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(LetterObject(letter)), as: UTF8.self)
    }

    /// Bytes in quotes with what is not plain text escaped; `none` for nil. What is cut off is counted.
    package static func quoted(_ bytes: [UInt8]?, _ total: Int?, _ limit: Int) -> String {
        guard let bytes else { return "none" }
        let count = total ?? bytes.count
        let shown = bytes.beginning(limit)
        let text = "\"" + escaped(shown) + "\""
        return count > shown.count ? text + "… (\(count) bytes)" : text
    }

    package static func escaped(_ text: String) -> String { escaped(Array(text.utf8)[...]) }

    /// Letters, digits, signs and spaces as they are; quotes, backslashes, line ends, control characters and what changes
    /// the direction or the look of other text as `\"`, `\\`, `\n`, `\u{202E}`; bytes that are no UTF-8 as `\xFF`.
    package static func escaped(_ bytes: ArraySlice<UInt8>) -> String {
        var text = ""
        var decoder = UTF8()
        var rest = bytes
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            if case .scalarValue(let scalar) = decoder.decode(&iterator) {
                text += escaped(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                text += "\\x" + hex(UInt32(rest[rest.startIndex]), 2)
                rest = rest.dropFirst()
            }
            decoder = UTF8()
        }
        return text
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            return "\\u{" + hex(scalar.value, 1) + "}"
        default: return String(scalar)
        }
    }

    private static func hex(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// What `dead-letters list --json` prints.
private struct LetterObject: Encodable {
    let letter, setAside, stage, reason, field, detail, topic: String
    let partition: Int32
    let offset: Int64
    let time: String?
    let key, keyBase64, value, valueBase64: String?
    let valueBytes: Int?
    let valueIsCut, valueIsLeftOut: Bool
    let headers: [HeaderObject]
    let retries: Int32
    let isRetried: Bool

    struct HeaderObject: Encodable {
        let name: String
        let value, valueBase64: String?
    }

    init(_ letter: Letter) {
        self.letter = letter.position.description
        setAside = Timestamp(milliseconds: letter.setAside).description
        stage = letter.reason.stage
        reason = letter.reason.reason
        field = letter.reason.field
        detail = letter.reason.detail
        topic = letter.reason.topic
        partition = letter.reason.partition
        offset = letter.reason.offset
        time = letter.reason.time?.description
        (key, keyBase64) = Self.text(letter.key)
        valueIsLeftOut = letter.isValueLeftOut
        valueIsCut = (letter.valueStart?.count ?? 0) < (letter.valueBytes ?? 0)
        (value, valueBase64) = Self.text(letter.valueStart)
        valueBytes = letter.valueBytes
        headers = letter.headers.map { header in
            let (value, base64) = Self.text(header.value)
            return HeaderObject(name: header.name, value: value, valueBase64: base64)
        }
        retries = letter.reason.retries
        isRetried = letter.isRetried
    }

    private static func text(_ bytes: [UInt8]?) -> (String?, String?) {
        guard let bytes else { return (nil, nil) }
        if let text = String(validating: bytes, as: UTF8.self) { return (text, nil) }
        return (nil, Data(bytes).base64EncodedString())
    }
}
