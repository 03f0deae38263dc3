import Configuration
import EventLog
import Foundation
import Schemas

/// A service that keeps every note's list of related notes in memory, fresh by the moment, from the topic
/// `note-recommendations`: what a feed, a search page or a mailer would build on.
///
/// The topic is compacted: the last record of each note is its list, a record without a value means that the note is gone.
/// So reading from the beginning gives the whole table, and reading on keeps it.
@main struct Subscriber {
    static let help = """
        usage: Subscriber [--once] [--config FILE]

        Prints a line for each change of a list:
            +  note  related note  related note ...     the note's list in force, best first
            -  note                                     the note is gone

        --once     end when every partition has been read to its end
        --config   settings in YAML; 'notestream config' prints them all. Variables go before it, such as
                   NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS and NOTESTREAM_KAFKA_TOPIC_PREFIX.

        """

    static func main() {
        do {
            var arguments = CommandLine.arguments.dropFirst()
            var file: String?
            var once = false
            while let argument = arguments.popFirst() {
                switch argument {
                case "--once": once = true
                case "--config": file = arguments.popFirst()
                case "--help", "-h": return write(help)
                default: throw Refusal("unknown option '\(argument)'; see --help")
                }
            }
            try follow(Settings.load(file: file).kafka, once: once)
        } catch {
            FileHandle.standardError.write(Data("Subscriber: \(error)\n".utf8))
            exit(1)
        }
    }

    /// Reads the topic from its beginning and goes on, or ends where it ends now.
    static func follow(_ kafka: Settings.Kafka, once: Bool) throws {
        let settings = ClientSettings(
            bootstrapServers: kafka.bootstrapServers, properties: kafka.client,
            secrets: { () throws(EventLogError) in
                do throws(ConfigurationError) {
                    return try kafka.readSecrets()
                } catch {
                    throw .unreadableSecret(error.description)
                }
            })
        let topic = kafka.topic(.noteRecommendations)
        guard let partitions = try Admin(settings).topics()[topic]?.partitions else {
            throw Refusal("there is no topic \(topic) at \(kafka.bootstrapServers)")
        }
        let places = (0..<partitions).map { TopicPartition(topic, $0) }
        // EventLog's consumers read read_committed: records of transactions that were aborted are never seen.
        let consumer = try Consumer(settings)
        try consumer.assign(Dictionary(uniqueKeysWithValues: places.map { ($0, .beginning) }))

        var lists: [[UInt8]: RecommendationList] = [:]
        while !once || !places.allSatisfy({ consumer.caughtUp[$0] != nil }) {
            for record in try consumer.poll(timeout: .milliseconds(200)) { apply(record, to: &lists) }
        }
        FileHandle.standardError.write(Data("\(lists.count) lists\n".utf8))
        try consumer.close()
    }

    /// One record of the topic, put into the table. One that cannot be read is told of and passed over: the list before it
    /// stays in force.
    static func apply(_ record: Record, to lists: inout [[UInt8]: RecommendationList]) {
        do throws(SchemaError) {
            switch try IncomingRecommendations.decode(
                key: record.key, value: record.value, contentType: record.header(ContentType.headerName))
            {
            case .list(let note, let list):
                lists[note] = list
                write((["+", list.note] + list.items.map(\.note)).joined(separator: "\t") + "\n")
            case .tombstone(let note):
                guard lists.removeValue(forKey: note) != nil else { return }
                write("-\t\(String(decoding: note, as: UTF8.self))\n")
            }
        } catch {
            FileHandle.standardError.write(Data("\(record.topicPartition)@\(record.offset): \(error)\n".utf8))
        }
    }

    /// Piped `print` is held back until its buffer is full; a change is told at once.
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    struct Refusal: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
