import Dispatch
import StateStore
import Synchronization

/// Questions that other threads put to a stage. Its own thread answers them between two batches, so that nothing that
/// belongs to a stage is ever shared, and an answer never shows half a batch.
package final class StageQuestions<Stage: StreamStage>: Sendable {
    private typealias Question = @Sendable (Stage, Store) -> Void

    private static var most: Int { 256 }
    private let waiting = Mutex<[Question]>([])

    package init() {}

    /// Waits for the answer.
    ///
    /// - Throws: ``StageNotAnswering`` when the stage is not at work or has too many questions before this one; what
    ///   `question` throws.
    package func ask<Answer: Sendable>(
        timeout: DispatchTimeInterval = .seconds(5),
        _ question: @escaping @Sendable (Stage, Store) throws -> Answer
    ) throws -> Answer {
        let slot = Slot<Answer>()
        let isTaken = waiting.withLock { waiting in
            guard waiting.count < Self.most else { return false }
            waiting.append { stage, store in
                guard !slot.isGivenUp else { return }
                slot.fill(Result { try question(stage, store) })
            }
            return true
        }
        guard isTaken, let answer = slot.take(timeout) else { throw StageNotAnswering(stage: Stage.name) }
        return try answer.get()
    }

    /// Answers what has been asked. On the stage's thread.
    package func answer(_ stage: Stage, _ store: Store) {
        let questions = waiting.withLock { waiting in
            defer { waiting.removeAll(keepingCapacity: true) }
            return waiting
        }
        for question in questions { question(stage, store) }
    }

    /// Where one answer is left for whoever waits for it.
    private final class Slot<Answer: Sendable>: Sendable {
        private struct State {
            var answer: Result<Answer, any Error>?
            var isGivenUp = false
        }

        private let state = Mutex(State())
        private let filled = DispatchSemaphore(value: 0)

        var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

        func fill(_ answer: Result<Answer, any Error>) {
            state.withLock { $0.answer = answer }
            filled.signal()
        }

        func take(_ timeout: DispatchTimeInterval) -> Result<Answer, any Error>? {
            _ = filled.wait(timeout: .now() + timeout)
            return state.withLock { state in
                state.isGivenUp = true
                return state.answer
            }
        }
    }
}

/// A stage did not answer in time: it does not run here, is busy, or has no session with the broker.
package struct StageNotAnswering: Error, CustomStringConvertible {
    package let stage: String

    package var description: String { "the stage '\(stage)' does not answer; see /readyz" }
}
