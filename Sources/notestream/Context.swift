import Configuration
import EventLog
import Foundation
import Pipeline
import Synchronization

/// What nearly every command needs: the settings, the topics, and how to reach the broker.
struct Context {
    var settings: Settings
    let topics: Topics
    let logger: Logger
    private let broker: BrokerAccess

    /// The options that say where they come from.
    static let options: [Command.Option] = [
        .value("--config", "FILE", "settings in YAML; 'notestream config' prints them all with their meaning"),
        .value("--topics", "FILE", "another topics.yaml than the built-in one"),
        .value("--bootstrap-servers", "HOST:PORT", "the broker, in place of the configured one"),
    ]

    /// - Parameter layout: the option that names a topics.yaml; nil where the command has none.
    init(_ arguments: Arguments, layout: String? = "--topics") throws {
        var settings = try Settings.load(file: arguments["--config"])
        if let servers = arguments["--bootstrap-servers"] { settings.kafka.bootstrapServers = servers }
        let logger = Logger(label: "notestream", level: Logger.Level(rawValue: settings.log.level.rawValue) ?? .info)
        self.settings = settings
        self.logger = logger
        topics = Topics(
            prefix: settings.kafka.topicPrefix, catalog: try TopicCatalog.load(file: layout.flatMap { arguments[$0] }))
        // Read once here, so that a file that is not there is told with its setting before any broker is asked.
        _ = try settings.kafka.readSecrets()
        let client = ClientSettings(settings.kafka, Logger(label: "librdkafka", level: logger.level))
        broker = BrokerAccess(client)
        let warnings = settings.kafka.secrets.values.compactMap(\.warning).sorted() + client.warnings
        for warning in warnings { logger.warning(warning) }
    }

    /// How to reach the broker, which has been asked, at the first use, whether it lets us in.
    var client: ClientSettings { get throws { try broker.client } }

    /// The topic that model versions travel through.
    var models: ModelTopic {
        get throws { ModelTopic(client: try client, topics: topics, groupPrefix: settings.kafka.groupPrefix) }
    }
}

extension ClientSettings {
    fileprivate init(_ kafka: Settings.Kafka, _ log: Logger) {
        self.init(
            bootstrapServers: kafka.bootstrapServers, properties: kafka.client,
            logger: { line in
                log.log(
                    line.level <= 3 ? .error : line.level == 4 ? .warning : .debug, line.message,
                    ["tag": line.facility])
            },
            secrets: { () throws(EventLogError) in
                do throws(ConfigurationError) {
                    return try kafka.readSecrets()
                } catch {
                    throw .unreadableSecret(error.description)
                }
            })
    }
}

/// Asks the broker once, before anything else does, so that a refusal is told at once and in plain words.
private final class BrokerAccess: Sendable {
    private let settings: ClientSettings
    private let isGranted = Mutex(false)

    init(_ settings: ClientSettings) { self.settings = settings }

    var client: ClientSettings {
        get throws {
            try isGranted.withLock { isGranted in
                if isGranted { return }
                var asking = settings
                // A refusal is thrown, and need not be logged as well.
                asking.logger = { [settings] line in if line.level > 4 { settings.logger(line) } }
                try Admin(asking).requireAccess()
                isGranted = true
            }
            return settings
        }
    }
}
