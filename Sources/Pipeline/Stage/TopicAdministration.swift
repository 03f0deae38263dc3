import Configuration
import EventLog

/// Makes the topics as the catalogue lays them out, and tells where they differ.
public struct TopicAdministration {
    private let client: ClientSettings
    private let topics: Topics

    /// Through a broker, behind a prefix.
    public init(client: ClientSettings, topics: Topics) {
        self.client = client
        self.topics = topics
    }

    /// One topic that is not as it should be.
    public struct Difference: Sendable {
        /// The topic's name on the broker.
        public let topic: String
        /// What differs, and what to do.
        public let text: String
        /// Nothing can run with it: the topic is missing or has another number of partitions.
        public let isFatal: Bool
    }

    /// Creates the topics that are missing; answers their names.
    public func apply() throws -> [String] {
        let admin = try Admin(client)
        let present = try admin.topics()
        let missing = topics.catalog.topics.filter { present[topics.name(of: $0.name)] == nil }
        try admin.createTopics(
            missing.map { topic in
                NewTopic(
                    topics.name(of: topic.name), partitions: topic.partitions,
                    replication: Int32(topics.catalog.replication), configuration: topic.brokerConfig)
            })
        return missing.map { topics.name(of: $0.name) }
    }

    /// Compares partition counts and broker settings with the catalogue.
    public func differences() throws -> [Difference] {
        let admin = try Admin(client)
        let present = try admin.topics()
        var found: [Difference] = []
        var comparable: [TopicSettings] = []
        for topic in topics.catalog.topics {
            let name = topics.name(of: topic.name)
            guard let description = present[name] else {
                found.append(
                    Difference(topic: name, text: "is missing; 'notestream topics apply' makes it", isFatal: true))
                continue
            }
            if description.partitions != topic.partitions {
                found.append(
                    Difference(
                        topic: name,
                        text:
                            "has \(description.partitions) partitions, the catalogue says \(topic.partitions); a count "
                            + "never changes in place: replay into topics of another prefix",
                        isFatal: true))
            }
            comparable.append(topic)
        }
        let settings = try admin.configuration(of: comparable.map { topics.name(of: $0.name) })
        for topic in comparable {
            let name = topics.name(of: topic.name)
            for (key, value) in topic.brokerConfig.sorted(by: { $0.key < $1.key }) {
                guard let actual = settings[name]?[key]?.value, actual != value else { continue }
                found.append(
                    Difference(topic: name, text: "\(key) is \(actual), the catalogue says \(value)", isFatal: false))
            }
        }
        return found
    }

    /// Throws unless every topic is there with its number of partitions.
    public func requireLayout() throws {
        let fatal = try differences().filter(\.isFatal)
        guard fatal.isEmpty else {
            throw TopicLayoutError(description: fatal.map { "topic \($0.topic) \($0.text)" }.joined(separator: "\n"))
        }
    }
}

/// The broker's topics are not those the catalogue lays out.
public struct TopicLayoutError: Error, CustomStringConvertible {
    /// Each topic that differs, and what to do.
    public let description: String
}
