import Foundation
import Synchronization

/// A few threads for requests that wait. So many may queue, no more, and where there is a patience, no longer.
final class HTTPWorkers: Sendable {
    private struct Queued {
        let answer: PendingAnswer
        let since: ContinuousClock.Instant
    }

    private struct State {
        var queue: [Queued] = []
        /// The first of `queue` that is not taken yet.
        var next = 0
        var running: [ObjectIdentifier: PendingAnswer] = [:]
        var isStopped = false

        var waiting: Int { queue.count - next }

        mutating func take() -> Queued? {
            guard next < queue.count else { return nil }
            let taken = queue[next]
            next += 1
            if next == queue.count { (queue, next) = ([], 0) }
            running[ObjectIdentifier(taken.answer)] = taken.answer
            return taken
        }
    }

    private let limit: Int
    private let threads: Int
    private let patience: Duration?
    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)

    init(_ name: String, threads: Int, queueLimit: Int, patience: Duration? = nil) {
        self.threads = max(1, threads)
        limit = queueLimit
        self.patience = patience
        for index in 0..<self.threads {
            let thread = Thread { [self] in work() }
            thread.name = "\(name)-\(index)"
            thread.start()
        }
    }

    /// Takes a request; false where too many wait already.
    func submit(_ answer: PendingAnswer) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopped, state.waiting < limit else { return false }
            state.queue.append(Queued(answer: answer, since: .now))
            return true
        }
        if isTaken { arrived.signal() }
        return isTaken
    }

    /// Takes nothing more, and refuses what no worker has begun.
    func stop() {
        let left = state.withLock { state in
            state.isStopped = true
            defer { (state.queue, state.next) = ([], 0) }
            return state.queue[state.next...]
        }
        for queued in left { queued.answer.give(Self.stopping) }
        for _ in 0..<threads { arrived.signal() }
    }

    /// Refuses what workers have begun and not ended; they end it for nobody.
    func abandon() {
        for answer in state.withLock({ Array($0.running.values) }) { answer.give(Self.stopping) }
    }

    private static let stopping = HTTPResponse.busy("The server is being stopped.", retryAfter: 1)
    private static let late = HTTPResponse.busy("The broker keeps requests waiting; try again later.", retryAfter: 10)

    private func work() {
        while true {
            arrived.wait()
            guard let queued = state.withLock({ $0.take() }) else {
                if state.withLock({ $0.isStopped }) { return }
                continue
            }
            if let patience, ContinuousClock.now - queued.since > patience {
                queued.answer.give(Self.late)
            } else {
                queued.answer.run()
            }
            state.withLock { _ = $0.running.removeValue(forKey: ObjectIdentifier(queued.answer)) }
        }
    }
}
