import Glibc

/// The header `Host`: a name or an address, and perhaps a port.
enum HostHeader {
    /// Whether it is `localhost` or a loopback address, with any port.
    static func namesThisMachine(_ header: String?) -> Bool {
        guard let header else { return false }
        if header.hasPrefix("[") {
            guard let end = header.firstIndex(of: "]"), isPort(header[header.index(after: end)...]) else {
                return false
            }
            return header[header.index(after: header.startIndex)..<end] == "::1"
        }
        let name = header.prefix { $0 != ":" }
        guard isPort(header[name.endIndex...]) else { return false }
        if name.lowercased() == "localhost" { return true }
        var address = in_addr()
        return name.hasPrefix("127.") && inet_pton(AF_INET, String(name), &address) == 1
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && UInt16(text.dropFirst()) != nil
    }
}
