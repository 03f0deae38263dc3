import EventLog
import Pipeline

/// Finds the newest dead letters, from the partitions' ends backwards, and reads little more than them: each letter comes
/// with its record's bytes, which may be many.
///
/// How far back they lie is not known beforehand, since the marks of retries and of transactions stand between letters: a
/// partition that may hold more of the newest is read once more, from further back. In each, later letters are taken for
/// newer ones.
package struct NewestLetters {
    /// Offsets before a partition's end that are looked at, at most.
    private static let furthest: Int64 = 8_000

    private let count: Int
    private let logs: [TopicPartition: Watermarks]
    /// Offsets before the end from which each partition was read.
    private var reach: [TopicPartition: Int64] = [:]
    private var found: [Int32: [Letter]] = [:]

    /// - Parameter logs: the topic's partitions as they are now.
    package init(_ count: Int, in logs: [TopicPartition: Watermarks]) {
        self.count = count
        self.logs = logs.filter { $0.value.low < $0.value.high }
    }

    /// Those found, the newest first.
    package var letters: [Letter] {
        Array(
            found.values.joined().sorted { ($0.setAside, $0.position) > ($1.setAside, $1.position) }.prefix(count))
    }

    /// From where partitions are to be read to their ends next; nil when all is found.
    package mutating func nextStarts() -> [TopicPartition: StartOffset]? {
        // A fair share of the letters, as many marks, and some.
        let first = Int64(2 * count / max(1, logs.count) + 8)
        var starts: [TopicPartition: StartOffset] = [:]
        for (place, log) in logs where mayHoldMore(place, log) {
            let next = min(reach[place].map { 4 * $0 } ?? first, Self.furthest)
            reach[place] = next
            starts[place] = .offset(max(log.low, log.high - next))
        }
        for place in starts.keys { found[place.partition] = [] }
        return starts.isEmpty ? nil : starts
    }

    /// Takes a letter that was read.
    package mutating func note(_ letter: Letter) {
        var letter = letter
        letter.headers = []
        found[letter.position.partition, default: []].append(letter)
    }

    /// Whether what lies before the part that was read may belong to the newest.
    private func mayHoldMore(_ place: TopicPartition, _ log: Watermarks) -> Bool {
        guard let reach = reach[place] else { return true }
        guard reach < min(log.high - log.low, Self.furthest) else { return false }
        guard let oldest = found[place.partition]?.map(\.setAside).min() else { return true }
        return found.values.joined().count { $0.setAside >= oldest } < count
    }
}
