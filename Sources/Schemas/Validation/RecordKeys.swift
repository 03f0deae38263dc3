/// The key of a record on `note-profiles`: `<note id>@<model version>`. The version has no `@`, the id may.
public struct ProfileKey: Hashable, Sendable {
    /// The note's id.
    public var note: [UInt8]
    /// The model version's id.
    public var version: [UInt8]

    /// Puts a key together.
    public init(note: [UInt8], version: [UInt8]) {
        self.note = note
        self.version = version
    }

    /// Takes a key apart at its last `@`.
    public init(_ key: [UInt8]?) throws(SchemaError) {
        guard let key, let at = key.lastIndex(of: UInt8(ascii: "@")), at > 0, at < key.count - 1 else {
            throw SchemaError(
                .invalidKey, field: "key", detail: "a profile's key is <note id>@<model version>; this one is not")
        }
        note = Array(key[..<at])
        version = Array(key[(at + 1)...])
    }

    /// The key's bytes.
    public var bytes: [UInt8] { note + [UInt8(ascii: "@")] + version }
}

/// The key of a marker on `note-profiles`: `@<model version>/<partition of notes>`. No note has an empty id.
public struct ProfileMarkerKey: Hashable, Sendable {
    /// The model version's id.
    public var version: [UInt8]
    /// The partition of `notes`.
    public var partition: Int32

    /// Puts a key together.
    public init(version: [UInt8], partition: Int32) {
        self.version = version
        self.partition = partition
    }

    /// Takes a key apart; nil when it is no marker's.
    public init?(_ key: [UInt8]?) {
        guard let key, key.first == UInt8(ascii: "@"), let slash = key.lastIndex(of: UInt8(ascii: "/")), slash > 1,
            !key.dropFirst().contains(UInt8(ascii: "@")),
            let partition = Int32(String(decoding: key[(slash + 1)...], as: UTF8.self)), partition >= 0
        else { return nil }
        self.init(version: Array(key[1..<slash]), partition: partition)
    }

    /// The key's bytes.
    public var bytes: [UInt8] { [UInt8(ascii: "@")] + version + Array("/\(partition)".utf8) }
}

/// The key of a record on `model-updates`.
public enum ModelUpdateKey: Hashable, Sendable {
    /// `<version>/manifest`: a ModelManifest.
    case manifest(version: String)
    /// `<version>/00000` and so on: a piece of the artefact, raw bytes.
    case chunk(version: String, index: Int)
    /// `serving`: a ServingVersion.
    case serving

    /// Reads a key.
    public init(_ key: [UInt8]?) throws(SchemaError) {
        let text = String(decoding: key ?? [], as: UTF8.self)
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if text == "serving" {
            self = .serving
        } else if parts.count == 2, !parts[0].isEmpty, parts[1] == "manifest" {
            self = .manifest(version: String(parts[0]))
        } else if parts.count == 2, !parts[0].isEmpty, parts[1].utf8.count == 5,
            parts[1].utf8.allSatisfy({ $0 &- 48 <= 9 }), let index = Int(parts[1])
        {
            self = .chunk(version: String(parts[0]), index: index)
        } else {
            throw SchemaError(
                .invalidKey, field: "key",
                detail: "'\(text.prefix(100))' is none of <version>/manifest, <version>/<five digits>, serving")
        }
    }

    /// The key's bytes. A chunk's index is below 100,000: artefacts are far smaller.
    public var bytes: [UInt8] {
        switch self {
        case .manifest(let version): Array("\(version)/manifest".utf8)
        case .chunk(let version, let index):
            Array("\(version)/\(String(repeating: "0", count: max(0, 5 - "\(index)".count)))\(index)".utf8)
        case .serving: Array("serving".utf8)
        }
    }
}
