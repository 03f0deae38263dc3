import CYAML

extension YAMLNode {
    /// Parses one YAML document.
    ///
    /// Refused, since a configuration needs none of it and each has surprised someone: aliases, tags, a key given twice,
    /// keys that are not scalars, more than one document, nesting deeper than 32 levels.
    ///
    /// - Parameter file: named in errors.
    static func parse(_ text: String, file: String) throws(ConfigurationError) -> YAMLNode {
        let parser = try YAMLParser(text, file: file)
        return try parser.document()
    }
}

/// libyaml's events made into a tree. The only file that knows libyaml.
private struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// libyaml reads from here as it goes on, so it lives as long as the parser.
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let file: String
    private static let depthLimit = 32

    init(_ source: String, file: String) throws(ConfigurationError) {
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw ConfigurationError(.file(file, line: 1), "there is no memory left to read it")
        }
        let bytes = Array(source.utf8)
        text = .allocate(capacity: bytes.count)
        _ = text.initialize(from: bytes)
        self.file = file
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    func document() throws(ConfigurationError) -> YAMLNode {
        try next { _ throws(ConfigurationError) in }  // the stream's start
        let isEmpty = try next { event throws(ConfigurationError) in event.type == YAML_STREAM_END_EVENT }
        let nothing = YAMLNode(content: .scalar("", isPlain: true), place: .file(file, line: 1))
        if isEmpty { return nothing }
        let root = try node(depth: 0) ?? nothing
        try next { _ throws(ConfigurationError) in }  // the document's end
        try next { event throws(ConfigurationError) in
            guard event.type == YAML_STREAM_END_EVENT else {
                throw ConfigurationError(place(event), "a second document begins here; keep one a file")
            }
        }
        return root
    }

    private enum Head {
        case scalar(YAMLNode)
        case sequence(Place)
        case mapping(Place)
        case end
    }

    /// The next node; nil at the end of the collection around it.
    private func node(depth: Int) throws(ConfigurationError) -> YAMLNode? {
        switch try next({ event throws(ConfigurationError) in try head(event) }) {
        case .end: return nil
        case .scalar(let node): return node
        case .sequence(let place):
            try check(depth, place)
            var items: [YAMLNode] = []
            while let item = try node(depth: depth + 1) { items.append(item) }
            return YAMLNode(content: .sequence(items), place: place)
        case .mapping(let place):
            try check(depth, place)
            return YAMLNode(content: .mapping(try pairs(depth: depth)), place: place)
        }
    }

    private func pairs(depth: Int) throws(ConfigurationError) -> [YAMLNode.Pair] {
        var pairs: [YAMLNode.Pair] = []
        var seen: Set<String> = []
        while let key = try node(depth: depth + 1) {
            guard case .scalar(let name, _) = key.content else {
                throw ConfigurationError(key.place, "a key must be plain text")
            }
            guard seen.insert(name).inserted else {
                throw ConfigurationError(key.place, "key '\(name)' is there twice; keep one of them")
            }
            guard let value = try node(depth: depth + 1) else {
                throw ConfigurationError(key.place, "key '\(name)' has no value")
            }
            // A value's errors point at its key: that is the line people look for.
            pairs.append(YAMLNode.Pair(key: name, value: YAMLNode(content: value.content, place: key.place)))
        }
        return pairs
    }

    private func head(_ event: yaml_event_t) throws(ConfigurationError) -> Head {
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try checkTag(scalar.tag, event)
            let value = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            return .scalar(YAMLNode(content: .scalar(value, isPlain: isPlain), place: place(event)))
        case YAML_SEQUENCE_START_EVENT:
            try checkTag(event.data.sequence_start.tag, event)
            return .sequence(place(event))
        case YAML_MAPPING_START_EVENT:
            try checkTag(event.data.mapping_start.tag, event)
            return .mapping(place(event))
        case YAML_ALIAS_EVENT:
            throw ConfigurationError(place(event), "aliases (`*name`) are not supported; write the value out")
        default: return .end
        }
    }

    private func checkTag(_ tag: UnsafeMutablePointer<yaml_char_t>?, _ event: yaml_event_t) throws(ConfigurationError) {
        if tag != nil { throw ConfigurationError(place(event), "tags (`!name`) are not supported; leave it out") }
    }

    private func check(_ depth: Int, _ place: Place) throws(ConfigurationError) {
        guard depth < Self.depthLimit else {
            throw ConfigurationError(place, "nested deeper than \(Self.depthLimit) levels")
        }
    }

    private func place(_ event: yaml_event_t) -> Place { .file(file, line: Int(event.start_mark.line) + 1) }

    /// Hands over the next event, which lives only within `body`.
    @discardableResult
    private func next<Result>(
        _ body: (yaml_event_t) throws(ConfigurationError) -> Result
    ) throws(ConfigurationError) -> Result {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            let problem = parser.pointee.problem.map { String(cString: $0) } ?? "this is not YAML"
            let line = Int(parser.pointee.problem_mark.line) + 1
            throw ConfigurationError(.file(file, line: line), "\(problem); check indentation and quotes")
        }
        defer { yaml_event_delete(&event) }
        return try body(event)
    }
}
