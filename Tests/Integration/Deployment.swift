import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Support

/// One notestream on one broker: topics, consumer groups and a state directory that nobody else uses.
final class Deployment {
    let broker: TestBroker
    let topics: Topics
    let prefix: String
    let folder: TemporaryFolder
    let log: LogWatcher
    private(set) var service: Binary.Running?
    private let environment: [String: String]

    /// Makes the topics.
    /// - Parameter config: settings of topics, beside those of the built-in catalogue.
    init(_ broker: TestBroker, _ purpose: String, config: [TopicName: [String: String]] = [:]) throws {
        self.broker = broker
        prefix = TestBroker.uniqueName(purpose) + "."
        folder = try TemporaryFolder()
        var environment = [
            "NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": broker.servers, "NOTESTREAM_KAFKA_TOPIC_PREFIX": prefix,
            "NOTESTREAM_KAFKA_GROUP_PREFIX": prefix, "NOTESTREAM_STATE_DIRECTORY": folder.path + "/state",
            "NOTESTREAM_MODEL_PATH": BaseModel.path ?? "", "NOTESTREAM_RECOMMEND_COALESCE_MS": "100",
        ]
        var catalog = try TopicCatalog.load(environment: [:])
        if !config.isEmpty {
            let path = folder.path + "/topics.yaml"
            try Self.yaml(catalog, config).write(toFile: path, atomically: true, encoding: .utf8)
            catalog = try TopicCatalog.load(file: path)
            environment["NOTESTREAM_TOPICS"] = path
        }
        self.environment = environment
        topics = Topics(prefix: prefix, catalog: catalog)
        log = LogWatcher(broker.settings, topics)
        let applied = try command("topics", "apply")
        guard applied.exit == 0 else { throw IntegrationError("topics apply: \(applied)") }
    }

    var statePath: String { folder.path + "/state" }

    /// Runs a command of notestream against this deployment.
    func command(_ arguments: String...) throws -> Binary.Finished { try Binary.run(arguments, environment) }

    /// Runs a command that has to succeed.
    @discardableResult
    func succeed(_ arguments: String...) throws -> Binary.Finished { try succeed(arguments) }

    @discardableResult
    func succeed(_ arguments: [String]) throws -> Binary.Finished {
        let finished = try Binary.run(arguments, environment)
        guard finished.exit == 0 else { throw IntegrationError("notestream \(arguments) ended with \(finished)") }
        return finished
    }

    /// Starts a command without waiting for its end.
    func begin(_ arguments: String...) throws -> Binary.Running { try Binary.Running(arguments, environment) }

    // MARK: - The service

    /// Starts all stages, or as the arguments say.
    func start(_ arguments: String...) throws { service = try Binary.Running(["run"] + arguments, environment) }

    /// Asks the service to stop, waits for its end; answers its exit status and how long that took.
    @discardableResult
    func stop() throws -> (exit: Int32, duration: Duration) {
        guard let service else { throw IntegrationError("no service runs") }
        let start = ContinuousClock.now
        service.send(SIGTERM)
        let ended = wait(.seconds(60)) { !service.process.isRunning }
        guard ended else { throw IntegrationError("the service ignores SIGTERM for 60 s:\n\(try tail())") }
        self.service = nil
        return (service.process.terminationStatus, ContinuousClock.now - start)
    }

    /// Kills the service as a power cut would.
    func kill() {
        service?.send(SIGKILL)
        service?.process.waitUntilExit()
        service = nil
    }

    /// What the service wrote to its log, of lines with a certain message.
    func lines(_ message: String) throws -> [[String: String]] {
        try (service?.errors() ?? "").split(separator: "\n").compactMap { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
            return object?["message"] == message ? object : nil
        }
    }

    func waitUntilReady() throws {
        let isReady = try wait(.seconds(120)) {
            try requireRunning()
            return Set(try lines("ready").compactMap { $0["stage"] }).count == StageName.allCases.count
        }
        guard isReady else { throw IntegrationError("the service is not ready after 120 s:\n\(try tail())") }
    }

    /// Waits until every stage has committed all it was given and nothing has come out for a while.
    func waitUntilDrained(
        quiet: Duration = .milliseconds(1_500), timeout: Duration = .seconds(300),
        and condition: () throws -> Bool = { true }
    ) throws {
        try waitUntilReady()
        let admin = try Admin(broker.settings)
        var quietSince = ContinuousClock.now
        let isDrained = try wait(timeout) {
            try requireRunning()
            if try log.readOn() || !hasCommittedAll(admin) { quietSince = .now }
            return try ContinuousClock.now - quietSince > quiet && condition()
        }
        guard isDrained else { throw IntegrationError("the service has not drained after \(timeout):\n\(try tail())") }
    }

    private func hasCommittedAll(_ admin: Admin) throws -> Bool {
        for stage in StageName.allCases {
            let committed = try admin.groupOffsets(prefix + stage.rawValue)
            for place in topics.places(of: stage.inputTopic) {
                if (committed[place]?.offset ?? 0) < (log.ends[place] ?? 0) { return false }
            }
        }
        return true
    }

    func requireRunning() throws {
        guard let service, service.process.isRunning else {
            throw IntegrationError("the service has ended by itself:\n\(try tail())")
        }
    }

    private func tail() throws -> String {
        try (service?.errors() ?? "").split(separator: "\n").suffix(15).joined(separator: "\n")
    }

    // MARK: - Models

    /// The topic that model versions travel through.
    var models: ModelTopic { ModelTopic(client: broker.settings, topics: topics, groupPrefix: prefix) }

    /// Publishes what another deployment has on model-updates: the same version, without making it again.
    func takeModels(from other: Deployment) throws {
        let producer = try Producer(broker.settings)
        try TopicReader(other.broker.settings).readToEnd(other.topics.places(of: .modelUpdates)) { record in
            try producer.produce(
                OutgoingRecord(
                    topic: topics.name(of: .modelUpdates), key: record.key, value: record.value,
                    headers: record.headers))
        }
        try producer.flush()
    }

    deinit {
        kill()
        try? broker.deleteTopics(TopicName.allCases.map(topics.name(of:)))
    }

    private static func yaml(_ catalog: TopicCatalog, _ config: [TopicName: [String: String]]) -> String {
        var text = "replication: \(catalog.replication)\ntopics:\n"
        for topic in catalog.topics {
            text +=
                "  \(topic.name.rawValue):\n    partitions: \(topic.partitions)\n    cleanup: \(topic.cleanup.rawValue)\n"
            if let retention = topic.retentionMilliseconds { text += "    retention: \(retention)ms\n" }
            if let tombstones = topic.tombstoneMilliseconds { text += "    tombstones: \(tombstones)ms\n" }
            let settings = topic.config.merging(config[topic.name] ?? [:]) { _, own in own }
            if settings.isEmpty { continue }
            text += "    config:\n"
            for (key, value) in settings.sorted(by: { $0.key < $1.key }) { text += "      \(key): \(value)\n" }
        }
        return text
    }
}

/// Follows every topic of a deployment but the models', to see what is there and whether more comes.
final class LogWatcher {
    /// The offset behind the last record of each partition; marks of transactions do not count.
    private(set) var ends: [TopicPartition: Int64] = [:]
    private var consumer: Consumer?
    private let settings: ClientSettings
    private let places: [TopicPartition]

    init(_ settings: ClientSettings, _ topics: Topics) {
        self.settings = settings
        places = TopicName.allCases.filter { $0 != .modelUpdates }.flatMap(topics.places(of:))
    }

    /// Takes note of new records; false when there are none.
    func readOn() throws -> Bool {
        let reader: Consumer
        if let consumer {
            reader = consumer
        } else {
            reader = try Consumer(settings)
            try reader.assign(Dictionary(uniqueKeysWithValues: places.map { ($0, .beginning) }))
            consumer = reader
        }
        let records = try reader.poll(maximum: 10_000, timeout: .milliseconds(100))
        for record in records { ends[record.topicPartition] = record.offset + 1 }
        return !records.isEmpty || !places.allSatisfy { reader.caughtUp[$0] != nil }
    }
}
