/// A YAML document as a tree in which every value knows where it was written.
struct YAMLNode: Equatable, Sendable {
    enum Content: Equatable, Sendable {
        /// Text as written; a type is given to it only by who asks. Plain: without quotes.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the document's order; no key is there twice.
        case mapping([Pair])
    }

    struct Pair: Equatable, Sendable {
        var key: String
        var value: YAMLNode
    }

    var content: Content
    var place: Place

    /// Nothing, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key == key }?.value
    }

    /// Where the value at a path was written, or else the innermost value around it.
    func place(of path: some Sequence<String>) -> Place {
        var node = self
        for key in path {
            guard let inner = node[key] else { break }
            node = inner
        }
        return node.place
    }
}

extension YAMLNode {
    /// This tree with the values of `changes` put over it. A section left empty changes nothing.
    ///
    /// - Parameter known: a tree that has every key there is; other keys are errors, except in a mapping that is empty
    ///   there: that one takes any.
    func overlaid(
        with changes: YAMLNode, known: YAMLNode?, path: [String] = []
    ) throws(ConfigurationError) -> YAMLNode {
        guard case .mapping(var result) = content else { return changes }
        if changes.isNull { return self }
        let setting = path.joined(separator: ".")
        guard case .mapping(let changed) = changes.content else {
            throw ConfigurationError(
                changes.place, setting: setting, "a mapping is needed here; write one `key: value` a line, indented")
        }
        for pair in changed {
            if case .mapping(let pairs) = known?.content, !pairs.isEmpty, known?[pair.key] == nil {
                throw .unknownKey(pair.key, pair.value.place, known: pairs.map(\.key), setting: setting)
            }
            guard let index = result.firstIndex(where: { $0.key == pair.key }) else {
                result.append(pair)
                continue
            }
            result[index].value = try result[index].value.overlaid(
                with: pair.value, known: known?[pair.key], path: path + [pair.key])
        }
        return YAMLNode(content: .mapping(result), place: changes.place)
    }
}

extension ConfigurationError {
    /// Names what would have been understood.
    static func unknownKey(_ key: String, _ place: Place, known: [String], setting: String) -> ConfigurationError {
        ConfigurationError(
            place, setting: setting, "unknown key '\(key)'; known here: \(known.sorted().joined(separator: ", "))")
    }
}
