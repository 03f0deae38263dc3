/// When it is time for another training.
public struct RetrainSchedule: Sendable, Equatable {
    /// Between two trainings at least, milliseconds.
    public var interval: Int64
    /// New clicks that are needed.
    public var minimumClicks: Int64
    /// New notes, or new versions of notes, that are needed.
    public var minimumNotes: Int64

    /// A schedule from its parts.
    public init(interval: Int64, minimumClicks: Int64, minimumNotes: Int64) {
        self.interval = interval
        self.minimumClicks = minimumClicks
        self.minimumNotes = minimumNotes
    }

    /// A training that came to its end.
    public struct Past: Sendable, Equatable {
        /// When, milliseconds since 1970.
        public var time: Int64
        /// Where its snapshot ended, by topic and partition.
        public var ends: [String: [Int64]]

        /// A past training.
        public init(time: Int64, ends: [String: [Int64]]) {
            self.time = time
            self.ends = ends
        }

        /// Whether it saw all that lies before some ends.
        func covers(_ other: [String: [Int64]]) -> Bool {
            other.allSatisfy { topic, offsets in
                let own = ends[topic] ?? []
                return own.count >= offsets.count && zip(own, offsets).allSatisfy { $0 >= $1 }
            }
        }
    }

    /// Whether a training is due.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - ends: where the topics end now.
    ///   - last: the last training; nil where there was none, so that everything is new and no interval is waited for.
    public func isDue(at now: Int64, ends: [String: [Int64]], last: Past?) -> Bool {
        if let last, now - last.time < interval, now >= last.time { return false }
        return Self.new("clicks", ends, last) >= max(1, minimumClicks) && Self.new("notes", ends, last) >= minimumNotes
    }

    /// Records since the last training. A topic that ends earlier than it did was made anew: all of it is new.
    private static func new(_ topic: String, _ ends: [String: [Int64]], _ last: Past?) -> Int64 {
        let before = last?.ends[topic] ?? []
        return (ends[topic] ?? []).enumerated().reduce(0) { sum, partition in
            let known = before.indices.contains(partition.offset) ? before[partition.offset] : 0
            return sum + (partition.element >= known ? partition.element - known : partition.element)
        }
    }
}
