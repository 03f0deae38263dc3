/// The keys of the topic that carries model versions.
public enum ModelUpdateKey: Sendable, Equatable {
    /// A version's announcement.
    case manifest(version: String)
    /// One chunk of a version's artefact.
    case chunk(version: String, index: Int)
    /// Which version is served.
    case serving

    /// The key as bytes: `<version>/manifest`, `<version>/00000`, `serving`.
    public var bytes: [UInt8] {
        switch self {
        case .manifest(let version): return Array("\(version)/manifest".utf8)
        case .chunk(let version, let index):
            let digits = String(index)
            return Array("\(version)/\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits)".utf8)
        case .serving: return Array("serving".utf8)
        }
    }

    /// Reads a key; nil for what is none.
    public init?(bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if text == "serving" {
            self = .serving
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 16, parts[0].allSatisfy({ "0123456789abcdef".contains($0) })
        else {
            return nil
        }
        if parts[1] == "manifest" {
            self = .manifest(version: String(parts[0]))
        } else if parts[1].utf8.count == 5, parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let index = Int(parts[1])
        {
            self = .chunk(version: String(parts[0]), index: index)
        } else {
            return nil
        }
    }
}
