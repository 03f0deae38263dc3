import Foundation

/// A TCP connection on which a test writes and reads bytes as it likes, right or wrong.
public final class RawConnection {
    private let descriptor: Int32

    /// Connects to a port of this machine; reads wait five seconds at most.
    public init(port: Int) throws {
        descriptor = try Self.connected(to: port)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// A socket that is connected to a port of this machine.
    ///
    /// - Parameter window: bytes that its kernel keeps of what is not read; nil leaves it to the system.
    static func connected(to port: Int, window: Int32? = nil) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var window { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw CocoaError(.fileReadUnknown)
        }
        return descriptor
    }

    /// Sends text as it is; false when the other side has hung up.
    @discardableResult
    public func write(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Says that nothing more is written.
    public func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until the other side hangs up, or nothing comes for five seconds.
    public func readAll() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    deinit { close(descriptor) }
}

/// An answer as a client sees it.
public struct RawAnswer: Sendable {
    /// The status code; 0 where there was no answer.
    public var status: Int
    /// Head and body.
    public var text: String
    /// The body.
    public var body: String

    /// Asks a server of this machine, and has it close the connection.
    public init(port: Int, _ method: String, _ target: String, headers: [String] = [], body: String = "") throws {
        let connection = try RawConnection(port: port)
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost", "Connection: close"] + headers
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        connection.write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        self.init(connection.readAll())
    }

    /// Reads an answer.
    public init(_ text: String) {
        self.text = text
        status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        body = text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
    }
}
