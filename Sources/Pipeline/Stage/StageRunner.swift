import EventLog
import Foundation
import StateStore
import Synchronization

/// What a stage runs with.
package struct StageEnvironment: Sendable {
    /// How to reach the broker.
    package var client: ClientSettings
    /// Put before the stage's name to make the consumer group's id.
    package var groupPrefix: String
    /// This instance's name, kept in its state directory: `group.instance.id`.
    package var instanceID: String
    /// Topic names as the broker knows them.
    package var topics: Topics
    /// Records in a batch, at most.
    package var batchRecords: Int
    /// How long a batch gathers records before it is committed.
    package var commitInterval: Duration
    /// Timers in a batch, at most: midnight is no burst.
    package var timerSlice: Int
    /// `delete.retention.ms` of the compacted topics: a store unused for half of it is rebuilt.
    package var deleteRetentionMilliseconds: Int64
    /// Where lines go.
    package var logger: Logger
    /// Where stores are copied to from time to time; nil for nowhere.
    package var checkpoints: StoreCheckpoints?
    /// Called at each crash point, with the stage's name; what it throws ends the run as a crash would. For tests.
    package var atPoint: (@Sendable (String, CrashPoint) throws -> Void)?

    /// An environment in which nothing crashes on purpose.
    package init(
        client: ClientSettings, groupPrefix: String, instanceID: String, topics: Topics, batchRecords: Int,
        commitInterval: Duration, timerSlice: Int, deleteRetentionMilliseconds: Int64, logger: Logger
    ) {
        self.client = client
        self.groupPrefix = groupPrefix
        self.instanceID = instanceID
        self.topics = topics
        self.batchRecords = batchRecords
        self.commitInterval = commitInterval
        self.timerSlice = timerSlice
        self.deleteRetentionMilliseconds = deleteRetentionMilliseconds
        self.logger = logger
    }

    /// The consumer group of a stage.
    package func groupID(_ stage: String) -> String { groupPrefix + stage }
    /// The transactional id of a stage's producer.
    package func transactionalID(_ stage: String) -> String { groupID(stage) + "/" + instanceID }
}

/// Drives one stage on one thread: gathers a batch, runs the stage over it, commits to Kafka, then to the store.
///
/// A batch's outputs and its new positions go to Kafka in one transaction; only after that commit are its changes and
/// positions written to the store, in one write. So the store is never ahead of the committed position. A batch whose
/// offsets the group refuses, since it is just rebalancing, is done again in the same session. Whatever else goes wrong
/// ends the session: the batch is discarded, and a new session, with a new producer, recovers from the store and the
/// committed positions.
package final class StageRunner<Stage: StreamStage>: Sendable {
    private let makeStage: @Sendable (Store) throws -> Stage
    private let environment: StageEnvironment
    private let directory: String
    private let storeOptions: StoreOptions
    /// What others may see of the stage while it runs.
    package let status: StageStatus
    /// What others ask of it, between two batches.
    package let questions = StageQuestions<Stage>()

    /// - Parameters:
    ///   - directory: where the stage's store lies; made if missing.
    ///   - makeStage: opens the stage over its store; called on the stage's own thread.
    package init(
        environment: StageEnvironment, directory: String, storeOptions: StoreOptions = .init(),
        makeStage: @escaping @Sendable (Store) throws -> Stage
    ) {
        self.environment = environment
        self.directory = directory
        self.storeOptions = storeOptions
        self.makeStage = makeStage
        status = StageStatus(stage: Stage.name)
    }

    /// Runs until `stop` is set. Broker errors end a session, not the run. A store that is damaged, or of another version of
    /// the program, is thrown away and replayed; any other error of the store (a full disk) ends the run.
    package func run(until stop: StopSignal) throws {
        var discarded = 0
        while !stop.isSet {
            do {
                return try runOverStore(until: stop, restores: discarded == 0)
            } catch {
                guard let error = error as? StoreError, discarded < Self.damagesBorne else { throw error }
                try discard(error)
                discarded += 1
            }
        }
    }

    /// Throws away a store that is of no use, and rethrows what speaks against that.
    private func discard(_ error: StoreError) throws {
        let metadata = ["stage": Stage.name, "error": "\(error)"]
        switch error.kind {
        case .corrupted:
            environment.logger.error("the store is damaged; it is thrown away and replayed", metadata)
            status.update { $0.damages += 1 }
        case .otherVersion:
            environment.logger.notice("the store is of another version; it is thrown away and replayed", metadata)
        case .locked, .noSpace, .closed, .invalidArgument, .io: throw error
        }
        status.update { $0.isReady = false }
        try FileManager.default.removeItem(atPath: directory)
    }

    /// A store that is damaged again and again lies on a disk that is.
    private static var damagesBorne: Int { 3 }
    /// Clients that this process can no longer be rid of: a new one can.
    private static var abandonedBorne: Int { 100 }
    /// Sessions ended by another of the same name before one lasts: one or two come of an outage, more of a mistake.
    private static var fencingsBorne: Int { 3 }

    private func runOverStore(until stop: StopSignal, restores: Bool) throws {
        if restores { restoreCheckpoint() }
        let store = try Store(path: directory, families: Stage.families + [Positions.family], options: storeOptions)
        defer { store.close() }
        let stage = try makeStage(store)
        var failures = 0
        var fencings = 0
        while !stop.isSet {
            let began = ContinuousClock.now
            var task = "connecting"
            do {
                let session = try StageSession(
                    stage: stage, store: store, environment: environment, status: status, questions: questions)
                defer {
                    task = session.task
                    session.close()
                }
                try session.run(until: stop)
                return
            } catch let error as EventLogError {
                guard Consumer.abandoned < Self.abandonedBorne else { throw error }
                // A session that lasted had nothing wrong with it at the start: begin the back-off anew.
                let hasLasted = ContinuousClock.now - began > .seconds(60)
                failures = hasLasted ? 1 : failures + 1
                fencings = (hasLasted ? 0 : fencings) + (error.isFenced ? 1 : 0)
                guard fencings <= Self.fencingsBorne else {
                    throw RivalInstance(name: environment.instanceID, group: environment.groupID(Stage.name))
                }
                let pause = Duration.milliseconds(min(10_000, 100 << min(failures, 7)))
                environment.logger.warning(
                    "the session with the broker ended; starting another",
                    [
                        "stage": Stage.name, "while": task, "error": "\(error)", "fenced": "\(error.isFenced)",
                        "pause": "\(pause)",
                    ])
                status.update {
                    $0.isReady = false; $0.sessions += 1
                }
                stop.wait(pause)
                try stage.reload()
            }
        }
    }

    /// Begins with a copy of a store where there is none of the stage's own. Without one it is replayed from the start.
    private func restoreCheckpoint() {
        guard let checkpoints = environment.checkpoints else { return }
        do {
            guard let found = try checkpoints.restore(Stage.name, of: environment.instanceID, to: directory) else {
                return
            }
            environment.logger.notice(
                "the store was restored from a checkpoint", ["stage": Stage.name, "checkpoint": found])
        } catch {
            environment.logger.warning(
                "no checkpoint could be restored; the log is replayed from its start",
                ["stage": Stage.name, "error": "\(error)"])
        }
    }
}

/// Two processes run under one instance name and end each other's sessions in turn.
package struct RivalInstance: Error, CustomStringConvertible {
    var name: String
    var group: String

    package var description: String {
        "another process runs as instance '\(name)' of group '\(group)', and each ends the other's session; give every "
            + "process a state directory of its own, or another state.instance"
    }
}

/// A flag that ends the stages' loops, and lets a pause end early.
public final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)

    /// A signal not yet set.
    public init() {}

    /// Whether to stop.
    public var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Asks everyone to stop.
    public func set() { flag.store(true, ordering: .releasing) }

    /// Sleeps for a time, or until the signal is set.
    public func wait(_ duration: Duration) {
        let end = ContinuousClock.now + duration
        while !isSet, ContinuousClock.now < end { usleep(20_000) }
    }
}
