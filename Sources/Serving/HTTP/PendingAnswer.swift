import Synchronization

/// An answer that a worker is to give, while the connection is suspended. To suspend and to decide to resume share one
/// lock: without it an answer that comes in between would find nobody to wake.
final class PendingAnswer: Sendable {
    private enum State {
        case open
        case suspended(MHDConnection)
        case answered(HTTPResponse)
    }

    private let state = Mutex(State.open)
    private let answer: @Sendable () -> HTTPResponse
    private let told: @Sendable (HTTPResponse) -> Void

    init(answer: @escaping @Sendable () -> HTTPResponse, told: @escaping @Sendable (HTTPResponse) -> Void) {
        self.answer = answer
        self.told = told
    }

    /// Gives the answer, on whichever thread.
    func run() { give(answer()) }

    /// Answers, unless it is done already.
    func give(_ response: HTTPResponse) {
        let isFirst = state.withLock { state in
            if case .answered = state { return false }
            let before = state
            state = .answered(response)
            if case .suspended(let connection) = before { connection.resume() }
            return true
        }
        if isFirst { told(response) } else if case .events(let source) = response.body { source.close() }
    }

    /// The answer where it is there; else suspends the connection until it is. On the connection's own thread.
    func response(orSuspend connection: MHDConnection) -> HTTPResponse? {
        state.withLock { state in
            if case .answered(let response) = state { return response }
            connection.suspend()
            state = .suspended(connection)
            return nil
        }
    }
}
