import CMicroHTTPD
import Synchronization

/// One open event stream: a source and the connection it goes to, which is suspended while there is nothing to send.
final class HTTPStream: Sendable {
    private struct State {
        /// The connection, while it is suspended.
        var suspended: MHDConnection?
        /// Something has come since the source was last asked.
        var isWoken = false
        var isHeartbeatDue = false
        /// Ended by the server.
        var isEnded = false
    }

    private let source: any EventSource
    private let connection: MHDConnection
    private let streams: HTTPStreams
    let number: Int
    private let state = Mutex(State())

    init(_ source: any EventSource, _ connection: MHDConnection, _ streams: HTTPStreams, number: Int) {
        self.source = source
        self.connection = connection
        self.streams = streams
        self.number = number
    }

    func start() {
        source.onWake { [weak self] in self?.wake { $0.isWoken = true } }
    }

    /// Sends something even if there is nothing: it is how a client that left is found out.
    func heartbeat() { wake { $0.isHeartbeatDue = true } }

    /// Ends the stream after what its source has at hand.
    func end() { wake { $0.isEnded = true } }

    private func wake(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            state.suspended?.resume()
            state.suspended = nil
        }
    }

    /// Fills libmicrohttpd's buffer, on the connection's own thread. The source is asked outside of the lock, so that it
    /// may call `wake` whatever locks of its own it holds; what it says in between is seen before the connection is suspended.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            state.withLock { $0.isWoken = false }
            guard let count = source.read(into: buffer) else { return MHD_CONTENT_READER_END_OF_STREAM }
            if count > 0 {
                state.withLock { $0.isHeartbeatDue = false }
                return count
            }
            enum Next { case again, end, heartbeat, wait }
            let next = state.withLock { state -> Next in
                if state.isEnded { return .end }
                if state.isWoken { return .again }
                if state.isHeartbeatDue {
                    state.isHeartbeatDue = false
                    return .heartbeat
                }
                connection.suspend()
                state.suspended = connection
                return .wait
            }
            switch next {
            case .again: continue
            case .end: return MHD_CONTENT_READER_END_OF_STREAM
            case .wait: return 0
            case .heartbeat:
                let told = source.heartbeat()
                // Half of an id would run into what follows.
                let bytes = told.count <= buffer.count ? told : Array(":\n\n".utf8)
                guard !bytes.isEmpty, bytes.count <= buffer.count else { return 0 }
                buffer.copyBytes(from: bytes)
                return bytes.count
            }
        }
    }

    /// The connection is done with.
    func close() {
        streams.remove(self)
        source.close()
    }
}
