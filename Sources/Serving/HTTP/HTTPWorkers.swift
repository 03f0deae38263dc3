import Foundation
import Synchronization

/// A few threads for requests that wait: for the language model, for a broker. So many may queue, no more.
final class HTTPWorkers: Sendable {
    private struct State {
        var queue: [PendingAnswer] = []
        /// The first of `queue` that is not taken yet.
        var next = 0
        var running: [ObjectIdentifier: PendingAnswer] = [:]
        var isStopped = false

        var waiting: Int { queue.count - next }

        mutating func take() -> PendingAnswer? {
            guard next < queue.count else { return nil }
            let taken = queue[next]
            next += 1
            if next == queue.count { (queue, next) = ([], 0) }
            running[ObjectIdentifier(taken)] = taken
            return taken
        }
    }

    private let limit: Int
    private let threads: Int
    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)

    init(threads: Int, queueLimit: Int) {
        self.threads = max(1, threads)
        limit = queueLimit
        for index in 0..<self.threads {
            let thread = Thread { [self] in work() }
            thread.name = "http-worker-\(index)"
            thread.start()
        }
    }

    /// Takes a request; false where too many wait already.
    func submit(_ answer: PendingAnswer) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopped, state.waiting < limit else { return false }
            state.queue.append(answer)
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
        for answer in left { answer.give(Self.stopping) }
        for _ in 0..<threads { arrived.signal() }
    }

    /// Refuses what workers have begun and not ended; they end it for nobody.
    func abandon() {
        for answer in state.withLock({ Array($0.running.values) }) { answer.give(Self.stopping) }
    }

    private static let stopping = HTTPResponse.busy("The server is being stopped.", retryAfter: 1)

    private func work() {
        while true {
            arrived.wait()
            guard let answer = state.withLock({ $0.take() }) else {
                if state.withLock({ $0.isStopped }) { return }
                continue
            }
            answer.run()
            state.withLock { _ = $0.running.removeValue(forKey: ObjectIdentifier(answer)) }
        }
    }
}
