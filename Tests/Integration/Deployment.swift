import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Support

/// One notestream on one broker: topics, consumer groups and state directories that nobody else uses. Most tests run one
/// instance; those that run several name each by its state directory.
final class Deployment {
    let broker: TestBroker
    let topics: Topics
    let prefix: String
    let folder: TemporaryFolder
    let log: LogWatcher
    /// Running instances, by the name of their state directory.
    private(set) var instances: [String: Binary.Running] = [:]
    /// All that ever ran, for their logs' sake.
    private var lives: [Binary.Running] = []
    private let environment: [String: String]

    /// Makes the topics.
    /// - Parameters:
    ///   - config: settings of topics, beside those of the built-in catalogue.
    ///   - tombstones: how long the compacted topics keep deletions, in milliseconds, if not as the catalogue says.
    ///   - settings: environment variables of every command and instance.
    init(
        _ broker: TestBroker, _ purpose: String, config: [TopicName: [String: String]] = [:], tombstones: Int64? = nil,
        settings: [String: String] = [:]
    ) throws {
        self.broker = broker
        prefix = TestBroker.uniqueName(purpose) + "."
        folder = try TemporaryFolder()
        var environment = [
            "NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": broker.servers, "NOTESTREAM_KAFKA_TOPIC_PREFIX": prefix,
            "NOTESTREAM_KAFKA_GROUP_PREFIX": prefix, "NOTESTREAM_STATE_DIRECTORY": folder.path + "/state",
            "NOTESTREAM_MODEL_PATH": BaseModel.path ?? "", "NOTESTREAM_RECOMMEND_COALESCE_MS": "100",
            "NOTESTREAM_HTTP_LISTEN": "",
        ]
        var catalog = try TopicCatalog.load(environment: [:])
        if !config.isEmpty || tombstones != nil {
            let path = folder.path + "/topics.yaml"
            try Self.yaml(catalog, config, tombstones: tombstones).write(
                toFile: path, atomically: true, encoding: .utf8)
            catalog = try TopicCatalog.load(file: path)
            environment["NOTESTREAM_TOPICS"] = path
        }
        self.environment = environment.merging(settings) { _, own in own }
        topics = Topics(prefix: prefix, catalog: catalog)
        log = LogWatcher(broker.settings, topics)
        let applied = try command("topics", "apply")
        guard applied.exit == 0 else { throw IntegrationError("topics apply: \(applied)") }
    }

    var statePath: String { statePath(of: Self.first) }

    func statePath(of instance: String) -> String { folder.path + "/" + instance }

    /// The instance that is meant where none is named.
    static let first = "state"

    /// Runs a command of notestream against this deployment.
    func command(_ arguments: String...) throws -> Binary.Finished { try Binary.run(arguments, environment) }

    /// Runs a command that has to succeed.
    @discardableResult
    func succeed(_ arguments: String...) throws -> Binary.Finished { try succeed(arguments) }

    @discardableResult
    func succeed(_ arguments: [String], _ settings: [String: String] = [:]) throws -> Binary.Finished {
        let finished = try Binary.run(arguments, environment.merging(settings) { $1 })
        guard finished.exit == 0 else { throw IntegrationError("notestream \(arguments) ended with \(finished)") }
        return finished
    }

    /// Starts a command without waiting for its end.
    func begin(_ arguments: String...) throws -> Binary.Running { try Binary.Running(arguments, environment) }

    // MARK: - The service

    /// Starts stages: all, if the arguments do not say which.
    func start(_ instance: String = first, _ settings: [String: String] = [:], arguments: [String] = []) throws {
        let own = ["NOTESTREAM_STATE_DIRECTORY": statePath(of: instance)]
        let running = try Binary.Running(
            ["run"] + arguments, environment.merging(own) { $1 }.merging(settings) { $1 })
        instances[instance] = running
        lives.append(running)
    }

    /// Asks an instance to stop, waits for its end; answers its exit status and how long that took.
    @discardableResult
    func stop(_ instance: String = first) throws -> (exit: Int32, duration: Duration) {
        guard let service = instances[instance] else { throw IntegrationError("no service runs as \(instance)") }
        let start = ContinuousClock.now
        service.send(SIGTERM)
        let ended = wait(.seconds(60)) {
            // One that was told to stand still may come to that only now.
            if isStopped(instance) { service.send(SIGCONT) }
            return !service.process.isRunning
        }
        guard ended else { throw IntegrationError("\(instance) ignores SIGTERM for 60 s:\n\(try tail())") }
        instances[instance] = nil
        return (service.process.terminationStatus, ContinuousClock.now - start)
    }

    /// Kills an instance as a power cut would; one that has killed itself is taken out all the same.
    func kill(_ instance: String = first) {
        instances[instance]?.send(SIGKILL)
        instances[instance]?.waitUntilExit()
        instances[instance] = nil
    }

    /// Whether an instance runs.
    func runs(_ instance: String) -> Bool { instances[instance]?.process.isRunning == true }

    /// Whether an instance was told to stand still, and does.
    func isStopped(_ instance: String) -> Bool {
        guard let id = instances[instance]?.process.processIdentifier,
            let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        else { return false }
        // The name before it may hold anything.
        return status.split(separator: ")").last?.split(separator: " ").first == "T"
    }

    /// What an instance wrote to its log, of lines with a certain message.
    func lines(_ message: String, of instance: String = first) throws -> [[String: String]] {
        try instances[instance].map { try Self.lines(message, in: $0) } ?? []
    }

    /// What all instances that ever ran wrote, of lines with a certain message.
    func allLines(_ message: String) throws -> [[String: String]] {
        try lives.flatMap { try Self.lines(message, in: $0) }
    }

    private static func lines(_ message: String, in running: Binary.Running) throws -> [[String: String]] {
        try running.errors().split(separator: "\n").compactMap { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
            return object?["message"] == message ? object : nil
        }
    }

    /// Waits until all stages of an instance are ready, as they are when it owns something of each.
    func waitUntilReady(_ instance: String = first) throws {
        let isReady = try wait(.seconds(120)) {
            try requireRunning()
            let ready = try lines("ready", of: instance).compactMap { $0["stage"] }
            return Set(ready).count == StageName.allCases.count
        }
        guard isReady else { throw IntegrationError("\(instance) is not ready after 120 s:\n\(try tail())") }
    }

    /// Waits until every stage has committed all it was given and nothing has come out for a while.
    func waitUntilDrained(
        quiet: Duration = .milliseconds(1_500), timeout: Duration = .seconds(300),
        and condition: () throws -> Bool = { true }
    ) throws {
        if instances.count == 1, let only = instances.keys.first { try waitUntilReady(only) }
        let admin = try Admin(broker.settings)
        var quietSince = ContinuousClock.now
        let isDrained = try wait(timeout) {
            try requireRunning()
            do {
                if try log.readOn() || !hasCommittedAll(admin) { quietSince = .now }
            } catch is EventLogError {  // a broker that has just come back does not know its topics at once
                log.startOver()
                quietSince = .now
            }
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
        guard !instances.isEmpty, instances.values.allSatisfy(\.process.isRunning) else {
            throw IntegrationError("the service has ended by itself:\n\(try tail())")
        }
    }

    private func tail() throws -> String {
        try instances.sorted { $0.key < $1.key }.map { name, running in
            let lines = try running.errors().split(separator: "\n").suffix(15)
            return ([Substring(name + ":")] + lines).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    // MARK: - Models

    /// The topic that model versions travel through.
    var models: ModelTopic { ModelTopic(client: broker.settings, topics: topics, groupPrefix: prefix) }

    /// What is on model-updates now.
    func modelRecords() throws -> [Record] {
        var records: [Record] = []
        try TopicReader(broker.settings).readToEnd(topics.places(of: .modelUpdates)) { records.append($0) }
        return records
    }

    /// Publishes what another deployment had on model-updates: the same versions, without making them again.
    func takeModels(_ records: [Record]) throws {
        let producer = try Producer(broker.settings)
        for record in records {
            try producer.produce(
                OutgoingRecord(
                    topic: topics.name(of: .modelUpdates), key: record.key, value: record.value,
                    headers: record.headers))
        }
        try producer.flush()
    }

    deinit {
        for instance in instances.keys { kill(instance) }
        log.close()
        try? broker.deleteTopics(TopicName.allCases.map(topics.name(of:)))
    }

    static func yaml(
        _ catalog: TopicCatalog, _ config: [TopicName: [String: String]] = [:], tombstones: Int64? = nil
    ) -> String {
        var text = "replication: \(catalog.replication)\ntopics:\n"
        for topic in catalog.topics {
            text +=
                "  \(topic.name.rawValue):\n    partitions: \(topic.partitions)\n    cleanup: \(topic.cleanup.rawValue)\n"
            if let retention = topic.retentionMilliseconds { text += "    retention: \(retention)ms\n" }
            if let own = topic.tombstoneMilliseconds {
                let tombstones = tombstones ?? own
                text += "    tombstones: \(tombstones)ms\n"
            }
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

    /// Reads from the beginning again.
    func startOver() { close() }

    /// Lets go of the topics. librdkafka 2.0 may wait for ever to end a consumer whose topics have been deleted.
    func close() {
        try? consumer?.close()
        consumer = nil
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
