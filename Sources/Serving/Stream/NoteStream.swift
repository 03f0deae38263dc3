import Dispatch
import Synchronization

/// One client's stream: a place in the ring, and for one that comes from further back a short queue before it.
final class NoteStream: EventSource {
    private enum Mode {
        case catchingUp
        case live(RingCursor)
        case over
    }

    private struct State {
        var mode: Mode
        /// Pieces that go out before anything of the ring.
        var queue: [[UInt8]] = []
        var queuedBytes = 0
        /// What is being copied, and how far.
        var piece: [UInt8] = []
        var copied = 0
        /// With a filter: the first event of the ring that is wanted and not read yet.
        var wantedFrom: Int?
        var wake: (@Sendable () -> Void)?
        var isClosed = false
    }

    /// The notes that are wanted; empty: all.
    let notes: Set<String>
    private let hub: StreamHub
    private let state: Mutex<State>
    /// Signalled whenever the queue has become shorter.
    private let drained = DispatchSemaphore(value: 0)

    /// Bytes that wait for a client which catches up; when so many do, half must be gone within a time.
    private static let queueLimit = 256 << 10
    private static let patience = DispatchTimeInterval.seconds(30)

    /// A stream that has yet to be given its place: by ``goLive``, or by a catch-up.
    init(notes: Set<String>, hub: StreamHub) {
        self.notes = notes
        self.hub = hub
        state = Mutex(State(mode: .catchingUp))
    }

    // MARK: - For the server

    func onWake(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        var events = 0
        let count = state.withLock { state -> Int? in
            var filled = 0
            while filled < buffer.count {
                if state.copied == state.piece.count {
                    guard let piece = next(&state) else {
                        if case .over = state.mode, filled == 0 { return nil }
                        break
                    }
                    events += 1
                    (state.piece, state.copied) = (piece, 0)
                }
                let size = min(buffer.count - filled, state.piece.count - state.copied)
                state.piece.withUnsafeBytes {
                    buffer[filled...].copyBytes(from: $0[state.copied..<(state.copied + size)])
                }
                state.copied += size
                filled += size
            }
            return filled
        }
        if events > 0 { hub.count(events) }
        return count
    }

    /// The next piece to send; nil where there is none now, or no more.
    private func next(_ state: inout State) -> [UInt8]? {
        if !state.queue.isEmpty {
            let piece = state.queue.removeFirst()
            state.queuedBytes -= piece.count
            drained.signal()
            return piece
        }
        guard case .live(var cursor) = state.mode else { return nil }
        if !notes.isEmpty {
            guard let from = state.wantedFrom else { return nil }
            cursor.skip(to: from)
        }
        let next = hub.withRing { cursor.next(in: $0) { notes.isEmpty || notes.contains($0.note) } }
        state.mode = .live(cursor)
        switch next {
        case .event(let bytes): return bytes
        case .nothing, nil: state.wantedFrom = nil
        case .lost: state.mode = .over
        }
        return nil
    }

    /// With the ring's position, where the client has all up to it: so one that waits long for a note stays near the end.
    func heartbeat() -> [UInt8] {
        let settled = hub.settled
        let id = state.withLock { state -> String? in
            guard case .live(let cursor) = state.mode, cursor.followsRing, state.queue.isEmpty, state.wantedFrom == nil,
                notes.isEmpty ? cursor.number == settled.number : cursor.number <= settled.number
            else { return nil }
            return settled.position.text
        }
        return Array((id.map { ":\nid: \($0)\n\n" } ?? ":\n\n").utf8)
    }

    func close() {
        state.withLock { $0.isClosed = true }
        drained.signal()
        hub.remove(self)
    }

    // MARK: - For the hub

    /// Something in the ring is wanted: with a filter, from this number on.
    func notice(from number: Int) {
        change { if !notes.isEmpty, $0.wantedFrom == nil { $0.wantedFrom = number } }
    }

    /// Ends after what is queued.
    func end() {
        change { $0.mode = .over }
        drained.signal()
    }

    /// Goes on in the ring, from a place that is chosen by its state now. What stands in `first` goes out before.
    func goLive(_ choose: (EventRing) -> (cursor: RingCursor, first: [UInt8])?) -> Bool {
        var isLive = false
        change { state in
            guard let (cursor, first) = hub.withRing(choose) else { return }
            state.mode = .live(cursor)
            state.wantedFrom = cursor.number
            if !first.isEmpty { state.queue.append(first) }
            state.queuedBytes += first.count
            isLive = true
        }
        return isLive
    }

    // MARK: - For its catch-up

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Nobody takes anything any more.
    private var isDone: Bool {
        state.withLock { state in
            if case .over = state.mode { return true }
            return state.isClosed
        }
    }

    /// Sends a piece, when the client has taken enough of those before; false when it is gone or does not take any.
    func push(_ piece: [UInt8]) -> Bool {
        change { state in
            state.queue.append(piece)
            state.queuedBytes += piece.count
        }
        guard state.withLock({ $0.queuedBytes }) >= Self.queueLimit else { return !isDone }
        let deadline = DispatchTime.now() + Self.patience
        while !isDone, state.withLock({ $0.queuedBytes > Self.queueLimit / 2 }) {
            if drained.wait(timeout: deadline) == .timedOut { return false }
        }
        return !isDone
    }

    /// Changes the state, and has the server ask again.
    private func change(_ body: (inout State) -> Void) {
        let wake = state.withLock { state in
            body(&state)
            return state.wake
        }
        wake?()
    }
}
