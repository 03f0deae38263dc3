import Foundation

/// All topics and how they are laid out: topics.yaml, checked.
public struct TopicCatalog: Equatable, Sendable {
    /// Copies of each partition.
    public let replication: Int32
    /// Every topic once, in the order of `TopicName.allCases`.
    public let topics: [TopicSettings]

    /// A topic's layout.
    public subscript(name: TopicName) -> TopicSettings {
        guard let settings = topics.first(where: { $0.name == name }) else {
            preconditionFailure("a catalog without \(name.rawValue) came through the initializer")
        }
        return settings
    }

    /// Reads the catalog.
    ///
    /// - Parameters:
    ///   - file: the path of `--topics`; nil takes `NOTESTREAM_TOPICS`, and where that is not set either the copy of
    ///     Topics/topics.yaml within the binary.
    public static func load(
        file: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> TopicCatalog {
        guard let file = file ?? environment["NOTESTREAM_TOPICS"] else {
            return try TopicCatalog(yaml: EmbeddedTopics.text, file: "topics.yaml (built in)")
        }
        return try TopicCatalog(yaml: try TextFile.read(file), file: file)
    }

    /// Reads a catalog's text.
    ///
    /// - Parameter file: named in errors.
    public init(yaml: String, file: String) throws(ConfigurationError) {
        let tree = try YAMLNode.parse(yaml, file: file)
        let entries = try YAMLDecoder.decode(CatalogFile.self, from: tree)
        replication = entries.replication
        var topics: [TopicSettings] = []
        for name in TopicName.allCases {
            guard let entry = entries.topics[name.rawValue] else {
                throw ConfigurationError(
                    tree.place(of: ["topics"]), setting: "topics", "topic '\(name.rawValue)' is missing; add it")
            }
            topics.append(try Self.checked(entry, name, tree.place(of: ["topics", name.rawValue])))
        }
        let known = Set(TopicName.allCases.map(\.rawValue))
        if let other = entries.topics.keys.filter({ !known.contains($0) }).min() {
            throw .unknownKey(other, tree.place(of: ["topics", other]), known: Array(known), setting: "topics")
        }
        self.topics = topics
        guard (1...100).contains(replication) else {
            throw ConfigurationError(tree.place(of: ["replication"]), setting: "replication", "use 1 to 100")
        }
        guard self[.cooccurrence].partitions == self[.noteRecommendations].partitions else {
            throw ConfigurationError(
                tree.place(of: ["topics", TopicName.noteRecommendations.rawValue, "partitions"]),
                setting: "topics.note-recommendations.partitions",
                "\(self[.noteRecommendations].partitions), but cooccurrence has \(self[.cooccurrence].partitions); an "
                    + "instance owns a note's pairs and its list together, so make them equal")
        }
    }

    private static func checked(
        _ entry: TopicEntry, _ name: TopicName, _ place: Place
    ) throws(ConfigurationError) -> TopicSettings {
        func failure(_ message: String) -> ConfigurationError {
            ConfigurationError(place, setting: "topics.\(name.rawValue)", message)
        }
        guard (1...10_000).contains(entry.partitions) else {
            throw failure("\(entry.partitions) partitions; use 1 to 10000")
        }
        let single: [TopicName] = [.trending, .modelUpdates]
        guard !single.contains(name) || entry.partitions == 1 else {
            throw failure("\(entry.partitions) partitions; its records keep their order only in one")
        }
        guard (entry.retention != nil) == (entry.cleanup == .delete) else {
            throw failure("`retention` belongs to `cleanup: delete`, and only there; say how long, or forever")
        }
        guard (entry.tombstones?.milliseconds != nil) == (entry.cleanup == .compact) else {
            throw failure(
                "`tombstones` belongs to `cleanup: compact`, and only there; say how long, as in 7d, but not forever")
        }
        let deleted: [TopicName] = [.clicks, .cooccurrence, .activity, .deadLetters]
        guard deleted.contains(name) == (entry.cleanup == .delete) else {
            let needed: TopicSettings.Cleanup = deleted.contains(name) ? .delete : .compact
            throw failure("its records need `cleanup: \(needed.rawValue)`")
        }
        for own in ["cleanup.policy", "retention.ms", "delete.retention.ms"] where entry.config?[own] != nil {
            throw failure("config '\(own)' is said by cleanup, retention and tombstones; take it out")
        }
        return TopicSettings(
            name: name, partitions: entry.partitions, cleanup: entry.cleanup,
            retentionMilliseconds: entry.retention?.milliseconds, tombstoneMilliseconds: entry.tombstones?.milliseconds,
            config: entry.config ?? [:])
    }
}

/// topics.yaml as it is written.
private struct CatalogFile: Decodable {
    var replication: Int32
    var topics: [String: TopicEntry]
}
