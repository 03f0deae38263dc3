/// Where a partition's state stands: every record before `offset` is in it, and of the timers that the record at
/// `offset` makes due, the first `timers`.
package struct Position: Hashable, Sendable, Comparable {
    /// The offset of the next record to process.
    package var offset: Int64
    /// How many timers that run before that record have been run.
    package var timers: Int64

    /// A position before the record at `offset`, with `timers` of its timers run.
    package init(offset: Int64, timers: Int64 = 0) {
        self.offset = offset
        self.timers = timers
    }

    package static func < (a: Position, b: Position) -> Bool { (a.offset, a.timers) < (b.offset, b.timers) }
}

/// A position as it is committed: what else the stage's outputs up to it depend on rides beside it.
package struct CommittedPosition: Hashable, Sendable {
    /// Up to where outputs are out.
    package var position: Position
    /// The stage's ``StreamStage/mark(of:)`` at that time, such as a model version.
    package var mark: String

    /// A position under a mark.
    package init(_ position: Position, mark: String = "") {
        self.position = position
        self.mark = mark
    }

    /// Reads back a committed offset and its metadata: `timers=3;mark=1f00`; anyone else's metadata counts as none.
    package init(offset: Int64, metadata: String) {
        position = Position(offset: offset)
        mark = ""
        for part in metadata.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            switch pair[0] {
            case "timers": position.timers = Int64(pair[1]).map { max(0, $0) } ?? 0
            case "mark": mark = String(pair[1])
            default: break
            }
        }
    }

    /// What is committed beside the offset.
    package var metadata: String {
        [position.timers == 0 ? nil : "timers=\(position.timers)", mark.isEmpty ? nil : "mark=\(mark)"]
            .compactMap { $0 }.joined(separator: ";")
    }
}
