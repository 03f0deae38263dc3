import Schemas
import Support

/// What is done to an event.
public enum Mutation: CaseIterable, Sendable {
    case nothing
    // Bytes, without regard to what they mean.
    case flippedBits, truncation, splice, removedBytes, insertedBytes, insertedWord, randomBytes, repeatedPart
    // The form of the value.
    case unknownField, fieldTwice, hugeNumber, wrongType, deepNesting, shallowNesting, invalidUTF8, loneSurrogate
    case whiteSpace, oversize
    // The record around it.
    case otherKey, oddKey, otherContentType, unknownContentType, noValue, emptyValue, oneByte

    /// What must become of the event, as far as that can be said without reading it.
    public enum Expectation: Sendable {
        /// It is read, and means what it meant before.
        case same
        /// It is refused.
        case refused
        /// Either; whoever reads it decides, and must be consistent.
        case either
    }

    /// Changes a well-formed event.
    /// - Parameter other: another well-formed event, to take parts from.
    public func apply(
        to event: inout FuzzEvent, _ other: FuzzEvent, _ random: inout SeededGenerator
    ) -> Expectation {
        let value = event.value ?? []
        switch self {
        case .nothing: return .same
        case .unknownField, .fieldTwice, .hugeNumber, .wrongType, .deepNesting, .shallowNesting, .invalidUTF8,
            .loneSurrogate, .whiteSpace, .oversize:
            return event.isJSON
                ? changeJSON(&event, value, &random) : changeProtobuf(&event, value, &random)
        case .otherKey, .oddKey, .otherContentType, .unknownContentType, .noValue, .emptyValue, .oneByte:
            return changeRecord(&event, &random)
        default:
            event.value = changed(value, other.value ?? [], &random)
            // A strict beginning of an object is none.
            if self == .truncation, event.isJSON { return .refused }
            return event.value == value ? .same : .either
        }
    }

    // MARK: - Bytes

    private static let words = [
        "NaN", "null", "-0", "\\u0000", "1e400", "{", "}", "[", "]", "\"", ",", ":", "\\", "true", "\\ud83c", "-",
        "9223372036854775808",
    ]

    private func changed(_ value: [UInt8], _ other: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = value
        let place = random.place(in: bytes)
        switch self {
        case .flippedBits:
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
        case .truncation: bytes.removeLast(min(bytes.count, Int.random(in: 1...max(1, bytes.count), using: &random)))
        case .splice: bytes = Array(bytes[..<place] + other[random.place(in: other)...])
        case .removedBytes:
            bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
        case .insertedBytes: bytes.insert(contentsOf: random.bytes(8), at: place)
        case .insertedWord:
            let word = Self.words[Int.random(in: 0..<Self.words.count, using: &random)]
            bytes.insert(contentsOf: word.utf8, at: place)
        case .randomBytes: bytes = random.bytes(200)
        case .repeatedPart:
            let end = Int.random(in: place...bytes.count, using: &random)
            bytes.insert(contentsOf: bytes[place..<end], at: end)
        default: break
        }
        return bytes
    }

    // MARK: - Form

    /// Puts members in front of those of the object, where they are read first.
    private func changeJSON(
        _ event: inout FuzzEvent, _ value: [UInt8], _ random: inout SeededGenerator
    ) -> Expectation {
        func prepend(_ members: String) {
            event.value = Array("{\(members),".utf8) + value.dropFirst()
        }
        let first = event.kind.firstField
        switch self {
        case .unknownField:
            let values = [
                "1", "\"x\"", "null", "[1,{\"a\":[]}]", "{\"b\":{\"c\":-1.5e3}}", "\"\\ud83c\\udf7a\"", "1e-999",
            ]
            prepend("\"no such field\":\(values[Int.random(in: 0..<values.count, using: &random)])")
            return .same
        case .fieldTwice:
            prepend("\"\(first)\":\"twice\"")
            return .refused
        case .hugeNumber:
            prepend("\"no such field\":\(random.chance(2) ? "1e999" : String(repeating: "9", count: 400))")
            return .refused
        case .wrongType:
            let values = ["1", "true", "{}", "[\"a\"]", "{\"a\":1}", "-0.5"]
            prepend("\"\(first)\":\(values[Int.random(in: 0..<values.count, using: &random)])")
            return .refused
        case .deepNesting, .shallowNesting:
            let isDeep = self == .deepNesting
            let depth = Int.random(in: isDeep ? 32...20_000 : 1...31, using: &random)
            let (open, close) = random.chance(2) ? ("[", "]") : ("{\"a\":", "}")
            prepend(
                "\"no such field\":" + String(repeating: open, count: depth) + "0"
                    + String(repeating: close, count: depth))
            return isDeep ? .refused : .same
        case .invalidUTF8:
            let bad: [[UInt8]] = [[0xFF], [0xC0, 0x80], [0xFE], [0xF5, 0x80, 0x80, 0x80]]
            event.value?.insert(
                contentsOf: bad[Int.random(in: 0..<bad.count, using: &random)], at: random.place(in: value))
            return .refused
        case .loneSurrogate:
            let halves = ["\\ud800", "\\udc00", "\\ud800x", "\\ud800\\u0041", "\\udfff\\ud800"]
            prepend("\"no such field\":\"\(halves[Int.random(in: 0..<halves.count, using: &random)])\"")
            return .refused
        case .whiteSpace:
            event.value = Array(" \n\t".utf8) + value + Array("\r\n ".utf8)
            return .same
        default:
            prepend("\"no such field\":\"\(String(repeating: "x", count: EventLimits.valueBytes))\"")
            return [.note, .click].contains(event.kind) ? .refused : .same
        }
    }

    /// Puts fields behind the others.
    private func changeProtobuf(
        _ event: inout FuzzEvent, _ value: [UInt8], _ random: inout SeededGenerator
    ) -> Expectation {
        func append(_ bytes: [UInt8]) { event.value = value + bytes }
        switch self {
        case .unknownField:
            // Number 100, of each wire type.
            let fields: [[UInt8]] = [
                [0xA0, 0x06, 0x96, 0x01], [0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8], [0xA2, 0x06, 2, 0xFF, 0],
                [0xA5, 0x06, 1, 2, 3, 4],
            ]
            append(fields[Int.random(in: 0..<fields.count, using: &random)])
            return .same
        case .fieldTwice:
            // The first field's own bytes again: of two, the last counts.
            let length = Int(value.count > 1 && value[0] == 0x0A && value[1] < 0x80 ? value[1] : 0)
            guard length > 0, value.count >= length + 2 else { return .same }
            append(Array(value[..<(length + 2)]))
            return .same
        case .hugeNumber:
            append([0xA0, 0x06] + [UInt8](repeating: 0xFF, count: 10) + [0x01])
            return .refused
        case .wrongType:
            append([0x08, 0x01])
            return .refused
        case .deepNesting, .shallowNesting:
            // A length that leads beyond the end, as nested messages that were cut have.
            append([0xA2, 0x06, 0x7F, 0x0A])
            return .refused
        case .invalidUTF8, .loneSurrogate:
            append([0x0A, 0x03] + (self == .invalidUTF8 ? [0x61, 0xFF, 0x61] : [0xED, 0xA0, 0x80]))
            return .refused
        case .whiteSpace:
            // Group marks, which proto3 does not have.
            append([0x0B])
            return .refused
        default:
            let count = EventLimits.valueBytes
            append([0xA2, 0x06] + [UInt8(count & 0x7F) | 0x80, UInt8(count >> 7 & 0x7F) | 0x80, UInt8(count >> 14)])
            event.value?.append(contentsOf: [UInt8](repeating: 0, count: count))
            return [.note, .click].contains(event.kind) ? .refused : .same
        }
    }

    // MARK: - Record

    private func changeRecord(_ event: inout FuzzEvent, _ random: inout SeededGenerator) -> Expectation {
        switch self {
        case .otherKey:
            event.key = Array("another".utf8)
            return [.trending, .manifest].contains(event.kind) ? .same : .refused
        case .oddKey:
            let odd: [[UInt8]?] = [
                nil, [], [0xFF], [0], [UInt8](repeating: 0x61, count: 600), random.bytes(12), Array("@v1".utf8),
                Array("@v1/3".utf8),
            ]
            event.key = odd[Int.random(in: 0..<odd.count, using: &random)]
            return .either
        case .otherContentType:
            event.contentType = event.isJSON ? ContentType.protobuf.headerValue : ContentType.json.headerValue
            return .either
        case .unknownContentType:
            event.contentType = random.chance(2) ? Array("text/xml".utf8) : [0xFF] + random.bytes(20)
            return .refused
        case .noValue:
            event.value = nil
            return .either
        case .emptyValue:
            event.value = []
            return event.isJSON ? .refused : .either
        default:
            event.value = [UInt8.random(in: 0...255, using: &random)]
            return .refused
        }
    }
}

extension EventKind {
    /// The name of the field with number 1, which is a text in all of them.
    var firstField: String {
        switch self {
        case .note: "id"
        case .click: "user"
        case .profile, .list, .activity: "note"
        case .pairs: "source"
        case .trending: "category"
        case .manifest: "version"
        }
    }
}
