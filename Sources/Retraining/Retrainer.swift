import CoOccurrence
import Configuration
import EventLog
import Foundation
import LanguageModel
import NoteLLM
import Pipeline

/// The periodic retrainer: a snapshot of the log, a challenger, the gate, and the topic model-updates.
///
/// It shares nothing with the stages but the topics, so it may run in a process of its own or on a thread beside them.
public final class Retrainer {
    /// What one training is asked for, beside the settings.
    public struct Request: Sendable {
        /// Pairs to learn from in place of those that clicks give.
        public var pairsPath: String?
        /// Whether a version that passes the gate is to serve.
        public var promotes = true
        /// How many notes are read at once.
        public var threads = 1

        /// The schedule's own.
        public init() {}
    }

    /// Newest notes that a training looks at.
    private static let maximumNotes = 50_000

    private let settings: Settings
    private let topics: Topics
    private let client: ClientSettings
    private let logger: Logger
    private let folder: String
    private let models: ModelTopic
    private let progress: (String, Int, Int, Double?) -> Void
    private let status: RetrainStatus
    /// The last training of whichever process, as last read.
    private var past: RetrainSchedule.Past?
    private var model: (model: LanguageModel, sha256: String)?

    /// - Parameters:
    ///   - status: where others see how it goes.
    ///   - progress: what is done, how much of it, of how much, and the loss where there is one.
    public init(
        settings: Settings, topics: Topics, client: ClientSettings, logger: Logger,
        status: RetrainStatus = RetrainStatus(),
        progress: @escaping (String, Int, Int, Double?) -> Void = { _, _, _, _ in }
    ) {
        self.settings = settings
        self.topics = topics
        self.client = client
        self.logger = logger
        self.status = status
        self.progress = progress
        folder = settings.state.directory + "/retrain"
        models = ModelTopic(client: client, topics: topics, groupPrefix: settings.kafka.groupPrefix)
    }

    // MARK: - Once

    /// Trains, judges and publishes; nil when `stop` came first (the next call goes on from the checkpoint).
    ///
    /// - Throws: ``RetrainError`` of kind `data` when there is too little to learn from, of kind `model` when no version
    ///   serves; errors of the broker and of files.
    public func trainOnce(_ request: Request, until stop: StopSignal) throws -> RetrainReport? {
        status.begin()
        var outcome: RetrainStatus.Outcome? = .failed
        defer { status.end(outcome, at: Date().timeIntervalSince1970) }
        let trained = try train(request, until: stop)
        outcome = trained.map { $0.isPromoted ? .promoted : .refused }
        return trained?.report
    }

    private func train(
        _ request: Request, until stop: StopSignal
    ) throws -> (report: RetrainReport, isPromoted: Bool)? {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let contents = try models.read()
        guard let serving = contents.serving else {
            throw RetrainError(
                .model, "No model version serves yet: start 'notestream run', or 'notestream models bootstrap'.")
        }
        let version = try models.load(serving, from: contents)
        let checkpoint = CheckpointFile(folder: folder)
        past = Self.lastTraining(contents)
        if let saved = checkpoint.load(), let past, past.covers(saved.ends) { checkpoint.remove() }
        progress("reading the log", 0, 1, nil)
        let snapshot = try SnapshotReader(client: client, topics: topics).read(until: checkpoint.load()?.ends)
            .limited(toHorizon: Int64(settings.retrain.horizonDays) * 86_400_000)
            .limited(toNewest: Self.maximumNotes)
        progress("reading the log", 1, 1, nil)
        let base = try baseModel()
        let around = Trainer.Surroundings(
            model: base.model, sha256: base.sha256, states: try StateCache(path: folder + "/states"),
            checkpoint: checkpoint, isStopped: { stop.isSet }, progress: progress)
        let outcome: Trainer.Outcome
        do {
            let trainer = try Trainer(
                snapshot, serving: version, settings: trainerSettings(request), around: around)
            guard let made = try trainer.run() else { return nil }
            outcome = made
        } catch {
            // A checkpoint of what cannot be trained any more would be taken up again and again.
            checkpoint.remove()
            throw error
        }
        let directory = ModelDirectory(stateDirectory: settings.state.directory)
        try directory.write(outcome.version, report: outcome.report, losses: outcome.losses)
        try models.publish(outcome.version, report: outcome.report.json, serves: false)
        // The verdict is about the version that served then: whoever chose another one meanwhile is not overruled.
        let isPromoted =
            try outcome.report.verdict.isPromoted && request.promotes
            && models.promote(outcome.version.id, insteadOf: serving)
        checkpoint.remove()
        directory.prune(keeping: [serving, outcome.version.id])
        logger.notice(
            "trained",
            [
                "version": outcome.version.id, "parent": serving,
                "promoted": "\(isPromoted)",
                "reasons": outcome.report.verdict.reasons.joined(separator: "; "),
            ])
        return (outcome.report, isPromoted)
    }

    private func trainerSettings(_ request: Request) throws -> Trainer.Settings {
        var made = Trainer.Settings()
        made.isDeep = settings.retrain.mode == .deep
        made.steps = settings.retrain.steps
        made.threads = request.threads
        made.window = try settings.window.settings
        made.pairFile = try request.pairsPath.map { try PairFile(path: $0) }
        return made
    }

    private func baseModel() throws -> (model: LanguageModel, sha256: String) {
        if let model { return model }
        let path = settings.model.path
        let loaded = (model: try LanguageModel(path: path), sha256: try SHA256.hex(file: path))
        model = loaded
        return loaded
    }

    // MARK: - On schedule

    /// Trains whenever the schedule says so, until `stop` is set. What goes wrong is reported and tried again later: the
    /// serving version is never worse for it.
    ///
    /// - Parameter leads: whether it is for this process to train, asked before each training. Two at once, as may be for a
    ///   moment while a fleet changes, do no harm: only one that was judged against the version that serves is let serve.
    public func run(_ request: Request, until stop: StopSignal, while leads: () -> Bool = { true }) {
        let schedule = RetrainSchedule(
            interval: Int64(settings.retrain.intervalMinutes) * 60_000,
            minimumClicks: Int64(settings.retrain.minimumClicks), minimumNotes: Int64(settings.retrain.minimumNotes))
        while !stop.isSet {
            guard leads() else {
                stop.wait(.seconds(1))
                continue
            }
            do {
                if try isDue(schedule) { _ = try trainOnce(request, until: stop) }
                stop.wait(.seconds(10))
            } catch {
                logger.warning("no training this time; trying again in ten minutes", ["error": "\(error)"])
                stop.wait(.seconds(600))
            }
        }
    }

    private func isDue(_ schedule: RetrainSchedule) throws -> Bool {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let ends = try SnapshotReader(client: client, topics: topics).ends()
        guard schedule.isDue(at: now, ends: ends, last: past) else { return false }
        // Another process may have trained since.
        past = Self.lastTraining(try models.read())
        return schedule.isDue(at: now, ends: ends, last: past)
    }

    /// The newest training whose version is on the topic, whoever did it: so that an instance that takes over goes on with
    /// the schedule, instead of beginning it anew.
    private static func lastTraining(_ contents: ModelTopic.Contents) -> RetrainSchedule.Past? {
        contents.manifests.compactMap { manifest in
            guard let time = manifest.time, let report = RetrainReport(json: manifest.report) else { return nil }
            return RetrainSchedule.Past(time: time.milliseconds, ends: report.ends)
        }.max { $0.time < $1.time }
    }
}
