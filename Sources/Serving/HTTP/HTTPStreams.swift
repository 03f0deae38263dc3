import Foundation
import Synchronization

/// The open event streams of a server. One thread keeps all of them alive.
final class HTTPStreams: Sendable {
    private struct State {
        /// Streams by number, in as many groups as there are ticks between two heartbeats: each tick wakes one group.
        var groups = [[Int: HTTPStream]](repeating: [:], count: HTTPStreams.ticks)
        var count = 0
        var next = 0
        var isStopped = false
        var hasThread = false
    }

    private static let ticks = 15
    private let tick: Duration
    private let state = Mutex(State())
    private let stopped = DispatchSemaphore(value: 0)

    /// - Parameter heartbeat: the time between two signs of life on an idle stream.
    init(heartbeat: Duration) { tick = heartbeat / Self.ticks }

    var count: Int { state.withLock { $0.count } }

    /// Opens a stream to a connection; nil once the server is being stopped.
    func open(_ source: any EventSource, _ connection: MHDConnection) -> HTTPStream? {
        let stream = state.withLock { state -> HTTPStream? in
            guard !state.isStopped else { return nil }
            let stream = HTTPStream(source, connection, self, number: state.next)
            state.groups[state.next % Self.ticks][state.next] = stream
            state.next += 1
            state.count += 1
            if !state.hasThread {
                state.hasThread = true
                let thread = Thread { [self] in keepAlive() }
                thread.name = "http-heartbeat"
                thread.start()
            }
            return stream
        }
        guard let stream else {
            source.close()
            return nil
        }
        stream.start()
        return stream
    }

    func remove(_ stream: HTTPStream) {
        state.withLock { state in
            if state.groups[stream.number % Self.ticks].removeValue(forKey: stream.number) != nil { state.count -= 1 }
        }
    }

    /// Ends all streams, and opens no more.
    func stop() {
        let open = state.withLock { state in
            state.isStopped = true
            return state.groups.flatMap(\.values)
        }
        for stream in open { stream.end() }
        stopped.signal()
    }

    private func keepAlive() {
        var turn = 0
        while stopped.wait(timeout: .now() + tick / .seconds(1)) == .timedOut {
            let group = state.withLock { Array($0.groups[turn].values) }
            for stream in group { stream.heartbeat() }
            turn = (turn + 1) % Self.ticks
        }
    }
}
