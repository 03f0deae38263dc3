import Configuration
import EventLog
import Foundation
import NoteLLM
import Schemas

/// The topic model-updates: model versions in chunks, their manifests, and which one serves.
public struct ModelTopic: Sendable {
    /// What the topic holds, read to its end.
    public struct Contents: Sendable {
        /// The version that profiles are made with; nil before the first one is published.
        public var serving: String?
        /// Manifests of complete versions, in the order of their publication.
        public var manifests: [Schemas.ModelManifest] = []
        fileprivate var chunks: [String: [Int: [UInt8]]] = [:]

        /// The ids of all versions.
        public var versions: [String] { manifests.map(\.version) }
    }

    private let client: ClientSettings
    private let topics: Topics

    /// Reads and writes the topic through a broker.
    public init(client: ClientSettings, topics: Topics) {
        self.client = client
        self.topics = topics
    }

    /// Reads the topic to its end. Half-sent versions, whose manifest is missing, are left out.
    public func read() throws -> Contents {
        var contents = Contents()
        try TopicReader(client).readToEnd(topics.places(of: .modelUpdates)) { record in
            switch try? Schemas.ModelUpdateKey(record.key) {
            case .serving: contents.serving = try record.value == nil ? nil : ServingVersion.decode(record).version
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

    /// Publishes a version: its chunks, then its manifest, then, where it is to serve, the pointer to it.
    public func publish(_ version: ModelVersion, serves: Bool) throws {
        let producer = try Producer(client)
        func send(_ key: Schemas.ModelUpdateKey, _ value: [UInt8], _ type: String) throws {
            try producer.produce(
                OutgoingRecord(
                    topic: topics.name(of: .modelUpdates), key: key.bytes, value: value,
                    headers: [Header(ContentType.headerName, type)]))
        }
        for (index, chunk) in version.chunks.enumerated() {
            try send(.chunk(version: version.id, index: index), chunk, "application/octet-stream")
        }
        let announcement = try version.announcement()
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let manifest = Schemas.ModelManifest(
            version: version.id, json: announcement.manifest, chunks: Int32(announcement.chunks),
            bytes: Int64(announcement.bytes), sha256: announcement.sha256, time: now)
        try send(.manifest(version: version.id), manifest.encode(as: .json), ContentType.json.rawValue)
        if serves {
            let pointer = ServingVersion(version: version.id, time: now)
            try send(.serving, pointer.encode(as: .json), ContentType.json.rawValue)
        }
        // One partition and an idempotent producer: what is acknowledged stands in this order.
        try producer.flush()
    }

    /// The serving version; where none is published yet, `makeFirst` makes one, which is published.
    ///
    /// Two instances may do so at once: version 0 is the same for both, and what stands on the topic afterwards counts.
    public func serving(orFirst makeFirst: () throws -> ModelVersion) throws -> (version: ModelVersion, known: [String])
    {
        var contents = try read()
        if contents.serving == nil {
            try publish(try makeFirst(), serves: true)
            contents = try read()
        }
        guard let serving = contents.serving else {
            throw ModelTopicError("the version just published is not on \(topics.name(of: .modelUpdates)); try again")
        }
        return (try load(serving, from: contents), contents.versions)
    }
}

/// The topic does not hold what is asked for.
public struct ModelTopicError: Error, CustomStringConvertible {
    /// What is missing, and what to do.
    public let description: String
    init(_ description: String) { self.description = description }
}
