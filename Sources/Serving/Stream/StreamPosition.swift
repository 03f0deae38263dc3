/// How far a reader has come in a topic: the next offset of each partition, by number. As text, `0:17,1:4`.
package struct StreamPosition: Equatable, Sendable {
    /// The next offset of each partition.
    package var offsets: [Int64]
    /// Set while a reader is in the midst of the whole table: since when, in seconds since 1970. As text, `0:17,1:4;since=N`.
    package var loadingSince: Int64?

    package init(_ offsets: [Int64], loadingSince: Int64? = nil) {
        self.offsets = offsets
        self.loadingSince = loadingSince
    }

    /// Reads the text; nil where it is anything else.
    package init?(_ text: String) {
        guard text.utf8.count <= 1 << 16 else { return nil }
        let halves = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        offsets = []
        for part in halves[0].split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", omittingEmptySubsequences: false)
            guard pair.count == 2, Self.number(pair[0]) == Int64(offsets.count), let offset = Self.number(pair[1])
            else {
                return nil
            }
            offsets.append(offset)
        }
        guard halves.count == 2 else { return }
        guard halves[1].hasPrefix("since="), let since = Self.number(halves[1].dropFirst("since=".count)) else {
            return nil
        }
        loadingSince = since
    }

    package var text: String {
        var text = ""
        for (partition, offset) in offsets.enumerated() { text += "\(partition == 0 ? "" : ",")\(partition):\(offset)" }
        if let loadingSince { text += ";since=\(loadingSince)" }
        return text
    }

    /// Whether this is at or behind `other` nowhere before it.
    package func isAtLeast(_ other: StreamPosition) -> Bool {
        offsets.count == other.offsets.count && zip(offsets, other.offsets).allSatisfy { $0 >= $1 }
    }

    private static func number(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { $0 &- 48 <= 9 } ? Int64(text) : nil
    }
}
