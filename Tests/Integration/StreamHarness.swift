import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import Serving
import Support

/// A topic of lists, and servers that stream it, one after the other as after restarts.
final class StreamHarness {
    let broker: TestBroker
    let topics: Topics
    let topic: String
    private let limits: StreamHub.Limits
    private let producer: Producer
    private(set) var hub: StreamHub
    private(set) var server: HTTPServer
    /// How many records were written: each list's version is its number.
    private(set) var written = 0
    /// What the topic's table holds.
    private(set) var table: [String: String] = [:]

    /// - Parameter tombstones: as topics.yaml has it.
    init(
        _ broker: TestBroker, partitions: Int32 = 3, tombstones: String = "7d", configuration: [String: String] = [:],
        limits: (inout StreamHub.Limits) -> Void = { _ in }
    ) throws {
        self.broker = broker
        var own = StreamHub.Limits()
        limits(&own)
        self.limits = own
        topics = Topics(
            prefix: TestBroker.uniqueName("stream") + ".",
            catalog: try Self.catalog(partitions: partitions, tombstones: tombstones))
        topic = topics.name(of: .noteRecommendations)
        var all = topics.catalog[.noteRecommendations].brokerConfig
        all.merge(configuration) { $1 }
        try broker.createTopic(topic, partitions: partitions, configuration: all)
        producer = try Producer(broker.settings)
        (hub, server) = try Self.serve(broker, topics, own)
    }

    deinit {
        stop()
        try? broker.deleteTopics([topic])
    }

    private static func catalog(partitions: Int32, tombstones: String) throws -> TopicCatalog {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Topics/topics.yaml")
        var yaml = try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
        for name in ["cooccurrence", "note-recommendations"] {
            yaml = yaml.replacing("  \(name):\n    partitions: 4", with: "  \(name):\n    partitions: \(partitions)")
        }
        yaml = yaml.replacing("tombstones: 7d", with: "tombstones: \(tombstones)")
        return try TopicCatalog(yaml: yaml, file: "topics.yaml")
    }

    private static func serve(_ broker: TestBroker, _ topics: Topics, _ limits: StreamHub.Limits) throws
        -> (StreamHub, HTTPServer)
    {
        let hub = StreamHub(
            client: broker.settings, topics: topics, limits: limits, logger: Logger(label: "test", level: .error))
        hub.start()
        let router = Router(
            [.init("GET", "/v1/stream") { request, _ in hub.answer(request) }], token: nil, metrics: HTTPMetrics())
        guard let address = ListenAddress("127.0.0.1:0") else { throw CocoaError(.featureUnsupported) }
        var configuration = HTTPServer.Configuration(address: address)
        configuration.heartbeat = .milliseconds(300)
        configuration.connectionLimit = 4_000
        let server = try HTTPServer(configuration) { _ in
        } handle: {
            router.answer($0)
        }
        return (hub, server)
    }

    func stop() {
        hub.stop()
        server.stop()
    }

    func restart() throws {
        stop()
        (hub, server) = try Self.serve(broker, topics, limits)
    }

    // MARK: - Writing

    /// Writes a list of a note; answers its version.
    @discardableResult
    func write(_ note: String, timestamp: Int64? = nil, padding: Int = 0) throws -> String {
        written += 1
        let version = String(written)
        let list = RecommendationList(
            note: note, version: version, contentHash: String(repeating: "x", count: padding),
            items: [RecommendedNote(note: "other", score: 1)])
        let type = written.isMultiple(of: 2) ? ContentType.json : .protobuf
        try produce(note, try list.encode(as: type), type, timestamp)
        table[note] = version
        return version
    }

    /// Writes a note's deletion.
    func delete(_ note: String, timestamp: Int64? = nil) throws {
        written += 1
        try produce(note, nil, .json, timestamp)
        table[note] = nil
    }

    private func produce(_ note: String, _ value: [UInt8]?, _ type: ContentType, _ timestamp: Int64?) throws {
        try producer.produce(
            OutgoingRecord(
                topic: topic, key: Array(note.utf8), value: value,
                headers: [Header(ContentType.headerName, type.headerValue)], timestamp: timestamp))
    }

    func flush() throws { try producer.flush() }

    // MARK: - Reading

    /// Opens a stream; tries again while the server says that it is busy.
    func connect(_ query: String = "", lastID: String? = nil, window: Int32? = nil) throws -> EventClient {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let client = try EventClient(
                port: server.port, "/v1/stream" + query, headers: lastID.map { ["Last-Event-ID: \($0)"] } ?? [],
                window: window)
            if client.waitForHead() != 503 || ContinuousClock.now > end { return client }
            usleep(50_000)
        }
    }
}

/// What a client keeps of a stream.
struct StreamTable {
    private(set) var table: [String: String] = [:]
    /// Every version that has come, in order.
    private(set) var versions: [Int] = []
    private(set) var resets = 0
    private(set) var deletions = 0

    mutating func take(_ event: ServerEvent) {
        let data = (try? JSONSerialization.jsonObject(with: Data(event.data.utf8))) as? [String: Any] ?? [:]
        guard event.name != "reset" else {
            table = [:]
            versions = []
            resets += 1
            return
        }
        let note = data["note"] as? String ?? ""
        if event.name == "deleted" {
            deletions += 1
            table[note] = nil
        } else if let version = (data["list"] as? [String: Any])?["version"] as? String {
            table[note] = version
            versions.append(Int(version) ?? 0)
        }
    }
}
