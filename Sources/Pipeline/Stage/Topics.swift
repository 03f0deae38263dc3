import Configuration
import EventLog

/// The topics as the broker knows them: the catalogue's names behind the configured prefix, and their partition counts.
public struct Topics: Sendable {
    /// Put before every topic's name, such as `staging.`; empty for none.
    public let prefix: String
    /// How each topic is laid out.
    public let catalog: TopicCatalog

    /// The topics of a catalogue behind a prefix.
    public init(prefix: String, catalog: TopicCatalog) {
        self.prefix = prefix
        self.catalog = catalog
    }

    /// The broker's name of a topic.
    public func name(of topic: TopicName) -> String { prefix + topic.rawValue }

    /// Partitions of a topic.
    public func partitions(of topic: TopicName) -> Int32 { catalog[topic].partitions }

    /// Bytes of a record that the topic's brokers accept, keys and headers included: as the catalogue says, else Kafka's
    /// own default.
    func maximumBytes(of topic: TopicName) -> Int {
        catalog[topic].config["max.message.bytes"].flatMap { Int($0) } ?? 1_048_588
    }

    /// All partitions of a topic.
    public func places(of topic: TopicName) -> [TopicPartition] {
        (0..<partitions(of: topic)).map { TopicPartition(name(of: topic), $0) }
    }
}
