/// A 128-bit fingerprint of what a note says: the first half of a SHA-256 over length-prefixed fields, so that no two
/// different notes run together (`ab` + `c` is not `a` + `bc`).
public struct ContentHash: Sendable, Hashable {
    /// 16 bytes.
    public let bytes: [UInt8]

    /// The fingerprint of the text alone: the key of a cached pooled state.
    public init(_ text: NoteText) {
        var hash = SHA256()
        Self.add(text.title, to: &hash)
        Self.add(text.content, to: &hash)
        bytes = Array(hash.finish().prefix(16))
    }

    /// The fingerprint of everything a profile takes over from its note: an edit that keeps it changes nothing.
    ///
    /// - Parameter created: milliseconds since 1970 UTC, nil where the note names none.
    public init(_ text: NoteText, hashtags: [String], category: String, author: String, created: Int64?) {
        var hash = SHA256()
        Self.add(text.title, to: &hash)
        Self.add(text.content, to: &hash)
        Self.add(category, to: &hash)
        Self.add(author, to: &hash)
        Self.add(created.map { String($0) } ?? "", to: &hash)
        for tag in hashtags { Self.add(tag, to: &hash) }
        bytes = Array(hash.finish().prefix(16))
    }

    /// 32 hexadecimal digits.
    public var hex: String { SHA256.hex(bytes) }

    private static func add(_ field: String, to hash: inout SHA256) {
        let bytes = Array(field.utf8)
        hash.update(withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) })
        hash.update(bytes)
    }
}
