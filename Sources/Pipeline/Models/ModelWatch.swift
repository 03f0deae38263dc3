import EventLog
import Foundation
import NoteLLM
import Schemas
import Synchronization

/// Follows model-updates on a thread of its own, so that stages find each new choice loaded and checked between two
/// batches, and never wait for it.
package final class ModelWatch: Sendable {
    private let models: ModelTopic
    private let rollbackPeriod: Duration
    private let prepare: @Sendable ([ModelVersion]) throws -> Void
    private let logger: Logger
    private let state: Mutex<Seen>

    private struct Seen {
        /// What the topic said when it was last taken up.
        var pointer: ServingVersion
        var choice: ModelChoice
    }

    /// Loads the present choice; where no version is published yet, `makeFirst` makes one, which is published.
    ///
    /// - Parameters:
    ///   - rollbackPeriod: how long after its swap the previous version's profiles are kept up to date.
    ///   - prepare: makes ready what the versions in use need on this machine; what it throws keeps them from being used.
    package init(
        models: ModelTopic, rollbackPeriod: Duration, logger: Logger,
        prepare: @escaping @Sendable ([ModelVersion]) throws -> Void, orFirst makeFirst: () throws -> ModelVersion
    ) throws {
        self.models = models
        self.rollbackPeriod = rollbackPeriod
        self.prepare = prepare
        self.logger = logger
        state = Mutex(try Self.load(models.serving(orFirst: makeFirst), models, rollbackPeriod))
        try prepare(choice.kept)
    }

    /// The choice now.
    package var choice: ModelChoice { state.withLock { $0.choice } }

    /// Follows the topic until `stop` is set. A broker that is away is waited for; a version that cannot be loaded or
    /// used is reported and the present choice kept.
    package func run(until stop: StopSignal) {
        while !stop.isSet {
            do {
                try follow(until: stop)
            } catch {
                logger.warning("model-updates cannot be followed; trying again", ["error": "\(error)"])
                stop.wait(.seconds(5))
            }
        }
    }

    private func follow(until stop: StopSignal) throws {
        let consumer = try Consumer(models.client)
        defer { try? consumer.close() }
        var ends: [TopicPartition: StartOffset] = [:]
        for place in models.topics.places(of: .modelUpdates) {
            ends[place] = .offset(try consumer.watermarks(place).high)
        }
        try consumer.assign(ends)
        // What came between the last look and the assignment.
        try look()
        var nextCheck = ContinuousClock.now
        while !stop.isSet {
            if try !consumer.poll(maximum: 1_000, timeout: .milliseconds(250)).isEmpty { try look() }
            guard ContinuousClock.now >= nextCheck else { continue }
            nextCheck = .now + .seconds(5)
            try endRollbackPeriod()
        }
    }

    /// Takes up what the topic says now, where it says something new.
    private func look() throws {
        let contents = try models.read()
        guard let pointer = contents.choice, pointer != state.withLock({ $0.pointer }) else { return }
        do {
            let new = try Self.load(contents, models, rollbackPeriod)
            try prepare(new.choice.kept)
            state.withLock { $0 = new }
            logger.notice(
                "another model version is to serve",
                ["version": new.choice.target.id, "in_force_until_then": new.choice.previous?.id ?? "none"])
        } catch let error as EventLogError {
            throw error
        } catch {
            logger.error(
                "the chosen model version cannot be used; the present one goes on",
                ["version": pointer.version, "present": choice.target.id, "error": "\(error)"])
        }
    }

    private func endRollbackPeriod() throws {
        let seen = state.withLock { $0 }
        guard let previous = seen.choice.previous, try Self.isOver(seen.pointer, models, rollbackPeriod) else { return }
        logger.notice(
            "the rollback period is over", ["version": seen.choice.target.id, "taken_back": previous.id])
        state.withLock { $0.choice = Self.letGo(previous.id, $0.choice) }
    }

    /// The choice that the topic's contents amount to, the rollback period left aside; nil where no version serves.
    static func choice(in contents: ModelTopic.Contents, _ models: ModelTopic) throws -> ModelChoice? {
        contents.choice == nil ? nil : try load(contents, models, .seconds(Int64.max / 1_000_000)).choice
    }

    private static func load(
        _ contents: ModelTopic.Contents, _ models: ModelTopic, _ rollbackPeriod: Duration
    ) throws -> Seen {
        guard let pointer = contents.choice else { throw ModelTopicError("no model version serves") }
        let target = try models.load(pointer.version, from: contents)
        let choice = ModelChoice(target: target, former: pointer.former)
        guard let previous = contents.previous else { return Seen(pointer: pointer, choice: choice) }
        // One that was pruned away cannot be gone back to.
        guard contents.versions.contains(previous), try !isOver(pointer, models, rollbackPeriod) else {
            return Seen(pointer: pointer, choice: letGo(previous, choice))
        }
        return Seen(
            pointer: pointer,
            choice: ModelChoice(
                target: target, previous: try models.load(previous, from: contents), former: pointer.former))
    }

    /// Whether every partition is profiled under the chosen version, and the time for going back is over.
    private static func isOver(
        _ pointer: ServingVersion, _ models: ModelTopic, _ rollbackPeriod: Duration
    ) throws -> Bool {
        let age = Int64(Date().timeIntervalSince1970 * 1000) - (pointer.time?.milliseconds ?? 0)
        return try Duration.milliseconds(age) > rollbackPeriod && models.isInForce(pointer.version)
    }

    private static func letGo(_ previous: String, _ choice: ModelChoice) -> ModelChoice {
        ModelChoice(target: choice.target, former: choice.former + [previous])
    }
}
