import Configuration
import CoOccurrence
import EventLog
import Foundation
import LanguageModel
import NoteLLM
import StateStore
import Synchronization

/// The four stages, by name.
public enum StageName: String, CaseIterable, Sendable {
    case profile, session, recommend

    /// The topic whose partitions the stage's consumer group shares out.
    public var inputTopic: TopicName {
        switch self {
        case .profile: ProfileStage.inputTopic
        case .session: SessionStage.inputTopic
        case .recommend: RecommendStage.inputTopic
        }
    }
}

/// Runs stages in this process, each on a thread of its own.
public final class PipelineService: Sendable {
    private let settings: Settings
    private let topics: Topics
    private let client: ClientSettings
    private let logger: Logger
    private let stop = StopSignal()
    private let failure = Mutex<(any Error)?>(nil)
    private let running: [Running]
    private let watch: ModelWatch?
    /// What can be asked of the stages here.
    package let answers: PipelineAnswers

    /// One stage's thread.
    private struct Running: Sendable {
        let status: StageStatus
        let run: @Sendable (StopSignal) throws -> Void
    }

    /// What the stages may be seen doing.
    public var statuses: [StageStatus] { running.map(\.status) }

    /// Whether this instance is the one of a fleet that does what one alone should do: its session stage owns partition 0 of
    /// `clicks`, which the consumer group gives to one member, and to another when that one is gone.
    public var leads: Bool {
        statuses.first { $0.stage == StageName.session.rawValue }?.now.partitions.contains(0) ?? false
    }

    /// Sets stages up: checks the topics, loads the serving model version (or publishes version 0), takes the instance's
    /// name from the state directory. Nothing is consumed before `run`.
    ///
    /// - Parameters:
    ///   - crash: kills the process at a certain point, for tests of what that leaves behind.
    ///   - firstTexts: notes to make version 0 of, where no version is published yet.
    public init(
        settings: Settings, catalog: TopicCatalog, stages: Set<StageName>, client: ClientSettings, logger: Logger,
        crash: CrashOrder? = nil, firstTexts: () -> [NoteText]
    ) throws {
        var client = client
        if !settings.http.advertise.isEmpty { client.properties["client.id"] = settings.http.advertise }
        self.settings = settings
        self.client = client
        self.logger = logger
        topics = Topics(prefix: settings.kafka.topicPrefix, catalog: catalog)
        try TopicAdministration(client: client, topics: topics).requireLayout()
        let instance = try InstanceName.take(settings.state)
        var environment = StageEnvironment(
            client: client, groupPrefix: settings.kafka.groupPrefix, instanceID: instance, topics: topics,
            batchRecords: settings.pipeline.batchRecords,
            commitInterval: .milliseconds(settings.pipeline.commitIntervalMs),
            timerSlice: settings.pipeline.timerSlice,
            deleteRetentionMilliseconds: topics.catalog[.noteProfiles].tombstoneMilliseconds ?? 86_400_000,
            logger: logger)
        if !settings.state.checkpoints.isEmpty {
            environment.checkpoints = StoreCheckpoints(
                folder: settings.state.checkpoints, interval: .seconds(60 * settings.state.checkpointMinutes))
        }
        if let crash { environment.atPoint = { crash.pass($0, $1) } }
        var running: [Running] = []
        var users: UserLookup?
        var notes: NoteLookup?
        var questions: StageQuestions<RecommendStage>?
        if stages.contains(.session) {
            let lookup = UserLookup(settings: try settings.window.settings)
            running.append(try Self.session(environment, settings, lookup))
            users = lookup
        }
        if stages.contains(.profile) || stages.contains(.recommend) {
            let threads =
                settings.model.threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : settings.model.threads
            let readers =
                try stages.contains(.profile)
                ? NoteReaders(modelPath: settings.model.path, threads: threads) : nil
            let watch = try ModelWatch(
                models: ModelTopic(client: client, topics: topics, groupPrefix: settings.kafka.groupPrefix),
                rollbackPeriod: .seconds(60 * settings.retrain.rollbackMinutes), logger: logger,
                prepare: { versions in
                    for version in versions { _ = try readers?.reader(of: version) }
                    readers?.keep(versions)
                },
                orFirst: { try BaseModel.versionZero(path: settings.model.path, texts: firstTexts()) })
            logger.info("model version", ["version": watch.choice.target.id])
            if let readers { running.append(Self.profile(environment, settings, watch, readers, threads: threads)) }
            if stages.contains(.recommend) {
                let lookup = NoteLookup(partitions: topics.partitions(of: .noteRecommendations)) { watch.choice }
                let recommend = try Self.recommend(environment, settings, watch, lookup)
                running.append(recommend.running)
                notes = lookup
                questions = recommend.questions
            }
            self.watch = watch
        } else {
            watch = nil
        }
        self.running = running
        answers = PipelineAnswers(
            statuses: Dictionary(
                uniqueKeysWithValues: running.compactMap { running in
                    StageName(rawValue: running.status.stage).map { ($0, running.status) }
                }), notes: notes, users: users, questions: questions, modelPath: settings.model.path,
            stateDirectory: settings.state.directory
        ) { [watch] in watch?.choice }
    }

    /// Runs until `requestStop`, or until a stage fails for good: then the others stop too, and its error is thrown.
    public func run() throws {
        let done = DispatchGroup()
        if let watch { follow(watch, done) }
        for stage in running {
            done.enter()
            let thread = Thread { [self] in
                defer { done.leave() }
                do {
                    try stage.run(stop)
                } catch {
                    logger.error("stage failed", ["stage": stage.status.stage, "error": "\(error)"])
                    failure.withLock { $0 = $0 ?? error }
                    stop.set()
                }
            }
            thread.name = stage.status.stage
            thread.stackSize = 8 << 20
            thread.start()
        }
        done.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func follow(_ watch: ModelWatch, _ done: DispatchGroup) {
        done.enter()
        let thread = Thread { [stop] in
            defer { done.leave() }
            watch.run(until: stop)
        }
        thread.name = "models"
        thread.start()
    }

    /// Asks the stages to finish their batches, commit them and leave.
    public func requestStop() { stop.set() }

    // MARK: - Stages

    private static func directory(_ settings: Settings, _ stage: StageName) -> String {
        settings.state.directory + "/" + stage.rawValue
    }

    private static func session(
        _ environment: StageEnvironment, _ settings: Settings, _ lookup: UserLookup
    ) throws -> Running {
        let window = try settings.window.settings
        let runner = StageRunner<SessionStage>(
            environment: environment, directory: directory(settings, .session)
        ) { store in
            lookup.attach(store)
            return SessionStage(settings: window)
        }
        return Running(status: runner.status) { try runner.run(until: $0) }
    }

    private static func profile(
        _ environment: StageEnvironment, _ settings: Settings, _ watch: ModelWatch, _ readers: NoteReaders,
        threads: Int
    ) -> Running {
        var environment = environment
        // Reading a note takes tens of milliseconds: a batch is what the threads read together, a few times over.
        environment.batchRecords = min(environment.batchRecords, threads * 4)
        environment.commitInterval = min(environment.commitInterval, .milliseconds(5))
        let logger = environment.logger
        let runner = StageRunner<ProfileStage>(
            environment: environment, directory: directory(settings, .profile)
        ) { _ in
            try ProfileStage(choice: { watch.choice }, logger: logger, reader: readers.reader)
        }
        return Running(status: runner.status) { try runner.run(until: $0) }
    }

    private static func recommend(
        _ environment: StageEnvironment, _ settings: Settings, _ watch: ModelWatch, _ lookup: NoteLookup
    ) throws -> (running: Running, questions: StageQuestions<RecommendStage>) {
        let configuration = try RecommendStage.Configuration(settings, environment.topics)
        let logger = environment.logger
        let runner = StageRunner<RecommendStage>(
            environment: environment, directory: directory(settings, .recommend)
        ) { store in
            lookup.attach(store)
            return try RecommendStage(
                store: store, choice: { watch.choice }, configuration: configuration, logger: logger)
        }
        return (Running(status: runner.status) { try runner.run(until: $0) }, runner.questions)
    }
}

extension RecommendStage.Configuration {
    init(_ settings: Settings, _ topics: Topics) throws {
        self.init(
            window: try settings.window.settings, partitions: topics.partitions(of: .cooccurrence),
            listSize: settings.recommend.listSize, candidates: settings.recommend.candidates,
            diversity: settings.recommend.diversity, trendingSize: settings.recommend.trendingSize,
            coalesce: .milliseconds(settings.recommend.coalesceMs))
    }
}

extension Settings.Window {
    /// The window as the co-occurrence rules take it.
    public var settings: WindowSettings {
        get throws {
            try WindowSettings(
                bucketMilliseconds: bucketMilliseconds, windowBuckets: Int64(buckets), cap: cap,
                idleMilliseconds: idleMilliseconds)
        }
    }
}

/// The base language model, for making versions.
enum BaseModel {
    /// Version 0: standardised and projected by what `texts` show, without tags. Deterministic.
    static func versionZero(path: String, texts: [NoteText]) throws -> ModelVersion {
        let encoder = try NoteEncoder(model: LanguageModel(path: path))
        let states = try encoder.pooledStates(of: texts, threads: ProcessInfo.processInfo.activeProcessorCount)
        return try Bootstrap.versionZero(
            texts, states: states, settings: BootstrapSettings(baseModelSHA256: SHA256.hex(file: path)))
    }
}

/// The name of this instance among those of its consumer groups.
package enum InstanceName {
    /// The configured name; else the one kept in the state directory, made at first use.
    package static func take(_ state: Settings.State) throws -> String {
        try FileManager.default.createDirectory(atPath: state.directory, withIntermediateDirectories: true)
        guard state.instance.isEmpty else { return state.instance }
        let path = state.directory + "/instance"
        if let kept = try? String(contentsOfFile: path, encoding: .utf8), !kept.isEmpty { return kept }
        let made = "instance-" + UUID().uuidString.lowercased().prefix(8)
        try made.write(toFile: path, atomically: true, encoding: .utf8)
        return made
    }
}
