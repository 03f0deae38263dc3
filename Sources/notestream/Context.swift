import Configuration
import EventLog
import Foundation
import Pipeline

/// What nearly every command needs: the settings, the topics, and how to reach the broker.
struct Context {
    var settings: Settings
    let topics: Topics
    let client: ClientSettings
    let logger: Logger

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
        let broker = Logger(label: "librdkafka", level: logger.level)
        self.settings = settings
        self.logger = logger
        topics = Topics(
            prefix: settings.kafka.topicPrefix, catalog: try TopicCatalog.load(file: layout.flatMap { arguments[$0] }))
        client = ClientSettings(
            bootstrapServers: settings.kafka.bootstrapServers, properties: settings.kafka.client
        ) { line in
            broker.log(
                line.level <= 3 ? .error : line.level == 4 ? .warning : .debug, line.message, ["tag": line.facility])
        }
    }

    /// The topic that model versions travel through.
    var models: ModelTopic {
        ModelTopic(client: client, topics: topics, groupPrefix: settings.kafka.groupPrefix)
    }
}
