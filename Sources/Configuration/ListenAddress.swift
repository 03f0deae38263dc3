import Glibc

/// Where a server listens: `HOST:PORT` with a numeric address or `localhost`; port 0 is any free one.
public struct ListenAddress: Sendable, Equatable {
    /// The numeric address, IPv4 or IPv6.
    public let host: String
    /// The port.
    public let port: UInt16

    /// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let written = String(text[..<colon])
        let isBracketed = written.hasPrefix("[") && written.hasSuffix("]")
        let host = isBracketed ? String(written.dropFirst().dropLast()) : written == "localhost" ? "127.0.0.1" : written
        var v4 = in_addr()
        var v6 = in6_addr()
        guard isBracketed ? inet_pton(AF_INET6, host, &v6) == 1 : inet_pton(AF_INET, host, &v4) == 1 else { return nil }
        self.host = host
        self.port = port
    }

    /// Whether only processes of this machine can connect.
    public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// Whether it is an IPv6 address.
    public var isIPv6: Bool { host.contains(":") }
}
