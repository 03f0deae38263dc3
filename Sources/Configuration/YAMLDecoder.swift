/// Decodes a tree by the types that are asked for: `prefix: 123` is text where text is wanted. Keys are `snake_case` in
/// the file and `camelCase` in Swift; a key that the type does not know is an error.
enum YAMLDecoder {
    static func decode<Value: Decodable>(
        _ type: Value.Type, from node: YAMLNode
    ) throws(ConfigurationError) -> Value {
        do {
            return try NodeDecoder(node: node, codingPath: []).decode(type)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            // The standard library's own decoding throws DecodingError, which `decode` has made ours; anything else would
            // be a type's own.
            throw ConfigurationError(node.place, "\(error)")
        }
    }
}

struct NodeDecoder: Decoder, SingleValueDecodingContainer {
    let node: YAMLNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func failure(_ message: String) -> ConfigurationError {
        ConfigurationError(node.place, setting: codingPath.map(\.stringValue).joined(separator: "."), message)
    }

    func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .mapping(let pairs) = node.content else {
            throw failure("a mapping is needed here; write one `key: value` a line, indented")
        }
        return KeyedDecodingContainer(try MappingContainer<Key>(decoder: self, pairs: pairs))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .sequence(let items) = node.content else {
            throw failure("a list is needed here; write one `- value` a line")
        }
        return SequenceContainer(decoder: self, items: items)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    // MARK: Scalars

    func decodeNil() -> Bool { node.isNull }

    func decode(_: String.Type) throws -> String {
        guard case .scalar(let text, _) = node.content, !node.isNull else {
            throw failure("a value is needed here; write '' for an empty text")
        }
        return text
    }

    func decode(_: Bool.Type) throws -> Bool {
        switch try decode(String.self) {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        case let text: throw failure("'\(text)' is neither true nor false")
        }
    }

    func decode(_ type: Double.Type) throws -> Double {
        let value = try lossless(type, "a number")
        guard value.isFinite else { throw failure("a finite number is needed") }
        return value
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

    /// Also where the standard library's errors (an unknown case of an enum) get a place.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try Value(from: self)
        } catch is DecodingError {
            let choices = (type as? any CaseIterable.Type).map { ", one of \(Self.cases($0))," } ?? ""
            let found = (try? decode(String.self)).map { "; found '\($0)'" } ?? ""
            throw failure("a \(type)\(choices) is needed\(found)")
        }
    }

    private func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
        let text = try decode(String.self)
        guard let value = Value(text) else {
            throw failure("'\(text)' is not a whole number from \(Value.min) to \(Value.max)")
        }
        return value
    }

    private func lossless<Value: LosslessStringConvertible>(_ type: Value.Type, _ name: String) throws -> Value {
        let text = try decode(String.self)
        guard let value = Value(text) else { throw failure("'\(text)' is not \(name)") }
        return value
    }

    private static func cases<Choice: CaseIterable>(_ type: Choice.Type) -> String {
        type.allCases.map { choice in
            (choice as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\(choice)"
        }.joined(separator: ", ")
    }
}
