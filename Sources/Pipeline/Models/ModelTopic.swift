import Configuration
import EventLog
import Foundation
import NoteLLM
import Schemas

/// The topic model-updates: model versions in chunks, their manifests, and which one serves.
public struct ModelTopic: Sendable {
    /// What the topic holds, read to its end.
    public struct Contents: Sendable {
        /// Which version is to serve, and which one did before; nil before the first one is published.
        public var choice: ServingVersion?
        /// Manifests of complete versions, in the order of their publication.
        public var manifests: [Schemas.ModelManifest] = []
        var chunks: [String: [Int: [UInt8]]] = [:]

        /// The version that profiles are made with; nil before the first one is published.
        public var serving: String? { choice?.version }
        /// The version that served before, and does until every note has a profile under the new one.
        public var previous: String? { choice.flatMap { $0.previous.isEmpty ? nil : $0.previous } }
        /// The ids of all versions.
        public var versions: [String] { manifests.map(\.version) }
    }

    let client: ClientSettings
    let topics: Topics
    /// Put before a stage's name to make its consumer group's id.
    let groupPrefix: String

    /// Reads and writes the topic through a broker.
    public init(client: ClientSettings, topics: Topics, groupPrefix: String) {
        self.client = client
        self.topics = topics
        self.groupPrefix = groupPrefix
    }

    /// Reads the topic to its end. Half-sent versions, whose manifest is missing, are left out.
    ///
    /// - Parameter patience: how long it may take in all; nil: as long as it takes.
    public func read(patience: Duration? = nil) throws -> Contents {
        var contents = Contents()
        let starts = Dictionary(
            uniqueKeysWithValues: topics.places(of: .modelUpdates).map { ($0, StartOffset.beginning) })
        try TopicReader(client).readToEnd(from: starts, patience: patience) { record in
            switch try? Schemas.ModelUpdateKey(record.key) {
            case .serving: contents.choice = try record.value == nil ? nil : ServingVersion.decode(record)
            case .manifest(let version):
                contents.manifests.removeAll { $0.version == version }
                if record.value != nil { contents.manifests.append(try Schemas.ModelManifest.decode(record)) }
            case .chunk(let version, let index): contents.chunks[version, default: [:]][index] = record.value
            case nil: break
            }
        }
        return contents
    }

    /// Puts a version together from its chunks; its sums are checked.
    public func load(_ version: String, from contents: Contents) throws -> ModelVersion {
        guard let manifest = contents.manifests.last(where: { $0.version == version }) else {
            throw ModelTopicError("no model version '\(version)' is on \(topics.name(of: .modelUpdates))")
        }
        var assembly = try ModelAssembly(
            ModelAnnouncement(
                version: manifest.version, manifest: manifest.json, chunks: Int(manifest.chunks),
                bytes: Int(manifest.bytes), sha256: manifest.sha256))
        for (index, bytes) in contents.chunks[version] ?? [:] { try assembly.add(index, bytes) }
        return try assembly.version()
    }
}

/// The topic does not hold what is asked for.
public struct ModelTopicError: Error, CustomStringConvertible {
    /// What is missing, and what to do.
    public let description: String
    init(_ description: String) { self.description = description }
}
