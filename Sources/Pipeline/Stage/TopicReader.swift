import EventLog

/// Reads topics from a start to their present ends, once: what commands and start-up need of a compacted topic.
public struct TopicReader {
    private let client: ClientSettings

    /// Reads through a broker.
    public init(_ client: ClientSettings) { self.client = client }

    /// Reads every record that is committed now, in order within each partition.
    public func readToEnd(_ places: [TopicPartition], _ body: (Record) throws -> Void) throws {
        try readToEnd(from: Dictionary(uniqueKeysWithValues: places.map { ($0, .beginning) }), body)
    }

    /// Reads every record that is committed now, from a start of its own in each partition.
    ///
    /// - Parameter patience: how long it may take in all, for those whom somebody waits for; nil: as long as it takes.
    public func readToEnd(
        from starts: [TopicPartition: StartOffset], patience: Duration? = nil, _ body: (Record) throws -> Void
    ) throws {
        let began = ContinuousClock.now
        guard !starts.isEmpty else { return }
        let consumer = try Consumer(client)
        defer { try? consumer.close() }
        try consumer.assign(starts)
        var ends = try LogEnds(of: starts.keys, seenBy: consumer)
        while !ends.areReached {
            if let patience, ContinuousClock.now - began > patience { throw SlowTopic(patience: patience) }
            let records = try consumer.poll(maximum: 10_000, timeout: .milliseconds(200))
            ends.note(records, consumer)
            for record in records { try body(record) }
        }
    }

    /// The record at an offset; nil where it is not there any more.
    public func record(at place: TopicPartition, offset: Int64) throws -> Record? {
        let consumer = try Consumer(client)
        defer { try? consumer.close() }
        let log = try consumer.watermarks(place)
        guard (log.low..<log.high).contains(offset) else { return nil }
        try consumer.assign([place: .offset(offset)])
        while consumer.caughtUp[place] == nil {
            let records = try consumer.poll(maximum: 1, timeout: .milliseconds(200))
            if let first = records.first { return first.offset == offset ? first : nil }
        }
        return nil
    }

    /// The last value of each key, tombstones taken out.
    public func table(_ places: [TopicPartition]) throws -> [[UInt8]: Record] {
        var table: [[UInt8]: Record] = [:]
        try readToEnd(places) { record in
            guard let key = record.key else { return }
            table[key] = record.value == nil ? nil : record
        }
        return table
    }
}

/// Topics could not be read to their ends in the time there was.
struct SlowTopic: Error, CustomStringConvertible {
    let patience: Duration

    var description: String { "the topic could not be read to its end within \(patience); is the broker there?" }
}
