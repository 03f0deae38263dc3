import EventLog
import Foundation

/// A broker to test against.
public struct TestBroker: Sendable, Hashable, CustomStringConvertible {
    /// What kind of broker it is: each has limits of its own.
    public enum Kind: String, Sendable {
        /// Apache Kafka.
        case kafka
        /// The embedded default, `noida-db`.
        case embedded
    }

    /// Its kind.
    public let kind: Kind
    /// `host:port`.
    public let servers: String

    /// Names a broker.
    public init(kind: Kind, servers: String) {
        self.kind = kind
        self.servers = servers
    }

    /// Settings of a client for it.
    public var settings: ClientSettings { ClientSettings(bootstrapServers: servers) }

    /// Shown as the test case's name.
    public var description: String { kind.rawValue }

    /// Makes a topic with a name nobody else has and hands it over; deletes it in the end, however that is reached.
    public func withTopic<Result>(
        _ purpose: String = "test", partitions: Int32 = 1, configuration: [String: String] = [:],
        _ body: (_ topic: String) throws -> Result
    ) throws -> Result {
        let topic = Self.uniqueName(purpose)
        try createTopic(topic, partitions: partitions, configuration: configuration)
        defer { try? deleteTopics([topic]) }
        return try body(topic)
    }

    /// Makes a topic.
    public func createTopic(_ name: String, partitions: Int32 = 1, configuration: [String: String] = [:]) throws {
        try Admin(settings).createTopics([NewTopic(name, partitions: partitions, configuration: configuration)])
    }

    /// Deletes topics.
    public func deleteTopics(_ names: [String]) throws { try Admin(settings).deleteTopics(names) }

    /// A name for a topic, group or transactional id that no other test and no earlier run has used.
    public static func uniqueName(_ purpose: String) -> String {
        "\(purpose)-\(UUID().uuidString.prefix(8).lowercased())"
    }
}

/// The brokers that tests may use.
public enum TestBrokers {
    /// Those of `NOTESTREAM_BROKERS`, such as `kafka=127.0.0.1:19092,embedded=127.0.0.1:19093`; none when it is not set.
    public static let all: [TestBroker] = {
        let list = ProcessInfo.processInfo.environment["NOTESTREAM_BROKERS"] ?? ""
        return list.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let kind = TestBroker.Kind(rawValue: String(parts[0])) else { return nil }
            return TestBroker(kind: kind, servers: String(parts[1]))
        }
    }()

    /// Apache Kafka, for what the embedded broker cannot do; at most one.
    public static let kafka: [TestBroker] = all.filter { $0.kind == .kafka }

    /// Why broker tests are skipped.
    public static let missing = "set NOTESTREAM_BROKERS=kafka=HOST:PORT,embedded=HOST:PORT (Ops/broker starts either)"
}
