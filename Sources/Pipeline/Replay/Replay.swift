import Configuration
import EventLog
import Foundation
import NoteLLM
import Schemas

/// Runs a stretch of the log again, into topics of another prefix: the same code over a copy of the input.
///
/// Records keep their key, bytes, headers and timestamps, so that what was a dead letter is one again. Where a topic has as
/// many partitions there as here, each record stays in its partition, and the state comes out the same to the digest; else
/// the key decides, and a record without one (a tick) goes to every partition.
public struct Replay: Sendable {
    /// What is copied, and how the copy is laid out.
    public struct Request: Sendable {
        /// Put before the names of the topics that are written.
        public var into: String
        /// Input topics to copy.
        public var topics: [TopicName]
        /// Where each partition's stretch begins.
        public var from: ReplayBound
        /// Where it ends.
        public var to: ReplayBound
        /// The model version that the copy is profiled under; nil is the one that serves.
        public var model: String?
        /// How the new topics are laid out.
        public var layout: TopicCatalog
        /// The stages that run over the copy.
        public var stages: Set<StageName>
        /// Where those stages' stores lie.
        public var stateDirectory: String

        /// A request for a replay.
        public init(
            into: String, topics: [TopicName], from: ReplayBound, to: ReplayBound, model: String?, layout: TopicCatalog,
            stages: Set<StageName>, stateDirectory: String
        ) {
            self.into = into
            self.topics = topics
            self.from = from
            self.to = to
            self.model = model
            self.layout = layout
            self.stages = stages
            self.stateDirectory = stateDirectory
        }
    }

    /// What was copied.
    public struct Copied: Sendable {
        /// Records read.
        public var records: Int64 = 0
        /// From the first record's timestamp to the last one's, in milliseconds: how long it took to come about.
        public var span: Int64 { first < last ? last - first : 0 }
        private var first = Int64.max
        private var last = Int64.min

        mutating func note(_ record: Record) {
            records += 1
            guard let time = record.timestamp else { return }
            first = min(first, time)
            last = max(last, time)
        }
    }

    private let settings: Settings
    private let source: Topics
    private let client: ClientSettings
    private let request: Request
    private let target: Topics

    /// A replay of the topics in the settings.
    public init(_ request: Request, settings: Settings, topics: Topics, client: ClientSettings) {
        self.request = request
        self.settings = settings
        self.client = client
        source = topics
        target = Topics(prefix: request.into, catalog: request.layout)
    }

    /// The settings that the copy is run with, now and later: other topics, groups and stores, all else the same.
    public var targetSettings: Settings {
        var settings = settings
        settings.kafka.topicPrefix = request.into
        settings.kafka.groupPrefix = request.into + settings.kafka.groupPrefix
        settings.state.directory = request.stateDirectory
        settings.state.instance = ""
        settings.state.checkpoints = ""
        settings.retrain.enabled = false
        return settings
    }

    /// Makes the new topics and puts the model version there.
    ///
    /// - Throws: `ReplayError` when the topics hold records already, or there is no such model version.
    public func prepare() throws {
        guard request.into != source.prefix else {
            throw ReplayError("'\(request.into)' is the prefix of the topics to be replayed; choose another")
        }
        _ = try TopicAdministration(client: client, topics: target).apply()
        try TopicAdministration(client: client, topics: target).requireLayout()
        let admin = try Admin(client)
        for topic in target.catalog.topics {
            let ends = try admin.watermarks(ofTopic: target.name(of: topic.name), partitions: topic.partitions)
            guard ends.values.allSatisfy({ $0.high == $0.low }) else {
                throw ReplayError(
                    "\(target.name(of: topic.name)) holds records already; a replay starts from nothing: choose "
                        + "another prefix, or delete the topics of this one")
            }
        }
        try copyModel()
    }

    private func copyModel() throws {
        let models = ModelTopic(client: client, topics: source, groupPrefix: settings.kafka.groupPrefix)
        let contents = try models.read()
        guard let id = try request.model ?? models.versionInForce(contents) ?? contents.serving else { return }
        let version = try models.load(id, from: contents)
        try ModelTopic(client: client, topics: target, groupPrefix: targetSettings.kafka.groupPrefix)
            .publish(version, serves: true)
    }

    /// Copies the input.
    /// - Parameter progress: told how many offsets are behind, and how many there are.
    public func copy(until stop: StopSignal, progress: (Int64, Int64) -> Void) throws -> Copied {
        var stretches: [TopicPartition: Range<Int64>] = [:]
        let bounds = try Consumer(client)
        for topic in request.topics {
            let places = source.places(of: topic)
            let from = try request.from.offsets(in: places, bounds)
            let to = try request.to.offsets(in: places, bounds)
            for place in places { stretches[place] = (from[place] ?? 0)..<max(from[place] ?? 0, to[place] ?? 0) }
        }
        try bounds.close()
        let reader = try MergedReader(client, stretches)
        defer { reader.close() }
        let producer = try Producer(client)
        var copied = Copied()
        while !stop.isSet, let record = try reader.next() {
            for copy in copies(of: record) { try producer.produce(copy) }
            copied.note(record)
            progress(copied.records, reader.total)
        }
        try producer.flush()
        return copied
    }

    private func copies(of record: Record) -> [OutgoingRecord] {
        guard let topic = request.topics.first(where: { source.name(of: $0) == record.topic }) else { return [] }
        func copy(to partition: Int32?) -> OutgoingRecord {
            OutgoingRecord(
                topic: target.name(of: topic), partition: partition, key: record.key, value: record.value,
                headers: record.headers, timestamp: record.timestamp)
        }
        if target.partitions(of: topic) == source.partitions(of: topic) { return [copy(to: record.partition)] }
        if record.key != nil { return [copy(to: nil)] }
        return (0..<target.partitions(of: topic)).map { copy(to: $0) }
    }

    /// Runs the stages over the copy until nothing is left to do, or `stop` is set.
    /// - Parameter progress: told how many of the copied records the first stages have behind them.
    public func run(until stop: StopSignal, logger: Logger, progress: (Int64) -> Void) throws {
        let service = try PipelineService(
            settings: targetSettings, catalog: target.catalog, stages: request.stages, client: client, logger: logger,
            firstTexts: { [] })
        let running = Background { try service.run() }
        var quietSince = ContinuousClock.now
        while !stop.isSet, !running.hasEnded, ContinuousClock.now - quietSince < .milliseconds(1_500) {
            let now = service.statuses.map(\.now)
            if !now.allSatisfy(\.isDrained) { quietSince = .now }
            progress(
                zip(service.statuses, now).reduce(0) { $1.0.stage == RecommendStage.name ? $0 : $0 + $1.1.records })
            stop.wait(.milliseconds(100))
        }
        service.requestStop()
        try running.wait()
    }
}

/// A replay cannot be done.
public struct ReplayError: Error, CustomStringConvertible {
    /// Why, and what to do.
    public let description: String
    init(_ description: String) { self.description = description }
}
