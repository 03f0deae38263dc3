import Foundation

/// A server-sent event as a client sees it.
public struct ServerEvent: Sendable, Equatable {
    /// What `event:` says.
    public var name: String
    /// What `data:` says.
    public var data: String
    /// The last `id:` up to and with this event.
    public var id: String?
}

/// A client of an event stream, which reads only when it is asked to.
public final class EventClient {
    /// The status code; 0 before the head is there.
    public private(set) var status = 0
    /// The answer's head.
    public private(set) var head = ""
    /// The last `id:` that has come.
    public private(set) var lastID: String?
    /// The server has ended the stream or hung up.
    public private(set) var isEnded = false

    private let descriptor: Int32
    private var raw: [UInt8] = []
    private var text: [UInt8] = []
    private var lines: [String] = []

    /// Asks a server of this machine. A small `window` makes its kernel hold little of what is not read.
    public init(port: Int, _ target: String, headers: [String] = [], window: Int32? = nil) throws {
        descriptor = try RawConnection.connected(to: port, window: window)
        let request = (["GET \(target) HTTP/1.1", "Host: localhost"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
        let bytes = Array(request.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    deinit { close(descriptor) }

    /// The next event; nil when none comes within the time, or none any more.
    public func next(within limit: Duration = .seconds(5)) -> ServerEvent? {
        let end = ContinuousClock.now + limit
        while true {
            if let event = parse() { return event }
            if isEnded || !fill(until: end) { return nil }
        }
    }

    /// Waits for the head; answers the status.
    public func waitForHead(within limit: Duration = .seconds(5)) -> Int {
        let end = ContinuousClock.now + limit
        while status == 0, !isEnded, fill(until: end) {}
        return status
    }

    /// Reads what is there; false when time is over.
    private func fill(until end: ContinuousClock.Instant) -> Bool {
        let left = (end - .now) / .milliseconds(1)
        guard left > 0 else { return false }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(left.rounded(.up))) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            isEnded = true
            return true
        }
        raw += buffer[..<count]
        takeHead()
        if status != 0 { takeChunks() }
        return true
    }

    private func takeHead() {
        guard status == 0, let end = raw.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        head = String(decoding: raw[..<end.lowerBound], as: UTF8.self)
        status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? -1
        raw.removeFirst(end.upperBound)
    }

    private func takeChunks() {
        var start = 0
        while let end = raw[start...].firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(decoding: raw[start..<end.lowerBound], as: UTF8.self), radix: 16)
            guard let size, size > 0 else {
                isEnded = true
                break
            }
            guard raw.count >= end.upperBound + size + 2 else { break }
            text += raw[end.upperBound..<(end.upperBound + size)]
            start = end.upperBound + size + 2
        }
        raw.removeFirst(start)
    }

    private func parse() -> ServerEvent? {
        while let end = text.firstIndex(of: 10) {
            let line = String(decoding: text[..<end], as: UTF8.self)
            text.removeFirst(end + 1)
            guard line.isEmpty else {
                lines.append(line)
                continue
            }
            defer { lines = [] }
            var event = ServerEvent(name: "message", data: "", id: nil)
            for line in lines {
                if line.hasPrefix("id: ") { lastID = String(line.dropFirst(4)) }
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { event.data = String(line.dropFirst(6)) }
            }
            event.id = lastID
            if !event.data.isEmpty { return event }
        }
        return nil
    }
}
