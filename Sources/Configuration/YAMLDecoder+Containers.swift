/// A mapping. Its keys are looked up as they are and in snake case.
struct MappingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: NodeDecoder
    private let pairs: [YAMLNode.Pair]
    /// In the file's order.
    let allKeys: [Key]
    var codingPath: [any CodingKey] { decoder.codingPath }

    init(decoder: NodeDecoder, pairs: [YAMLNode.Pair]) throws(ConfigurationError) {
        self.decoder = decoder
        self.pairs = pairs
        var keys: [Key] = []
        for pair in pairs {
            // Synthesised keys are an enum: one that it cannot make is a key that the type does not know.
            guard let key = Key(stringValue: pair.key) ?? Key(stringValue: pair.key.camelCased) else {
                let setting = decoder.codingPath.map(\.stringValue).joined(separator: ".")
                throw ConfigurationError(
                    pair.value.place, setting: setting,
                    "unknown key '\(pair.key)'; take it out or correct its spelling")
            }
            keys.append(key)
        }
        allKeys = keys
    }

    private func find(_ key: any CodingKey) -> YAMLNode.Pair? {
        pairs.first { $0.key == key.stringValue } ?? pairs.first { $0.key == key.stringValue.snakeCased }
    }

    private func value(_ key: any CodingKey) throws(ConfigurationError) -> NodeDecoder {
        guard let pair = find(key) else {
            throw decoder.failure("key '\(key.stringValue.snakeCased)' is missing; add it")
        }
        return NodeDecoder(node: pair.value, codingPath: codingPath + [PathKey(stringValue: pair.key)])
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try value(key).decodeNil() }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try value(key).decode(type) }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try value(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try value(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try value(key) }
}

/// A list.
struct SequenceContainer: UnkeyedDecodingContainer {
    let decoder: NodeDecoder
    let items: [YAMLNode]
    var currentIndex = 0
    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex == items.count }

    init(decoder: NodeDecoder, items: [YAMLNode]) {
        self.decoder = decoder
        self.items = items
    }

    private mutating func next() throws(ConfigurationError) -> NodeDecoder {
        guard !isAtEnd else { throw decoder.failure("more values are needed here") }
        defer { currentIndex += 1 }
        return NodeDecoder(node: items[currentIndex], codingPath: codingPath + [PathKey(intValue: currentIndex)])
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, items[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
}

/// A step of a path: a key as the file spells it, or a position in a list.
private struct PathKey: CodingKey {
    let stringValue: String
    let intValue: Int?
    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }
    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}

extension String {
    /// `list_size` → `listSize`
    fileprivate var camelCased: String {
        let words = split(separator: "_", omittingEmptySubsequences: false)
        return words.dropFirst().reduce(into: String(words[0])) { $0 += $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    /// `listSize` → `list_size`
    fileprivate var snakeCased: String {
        reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
}
