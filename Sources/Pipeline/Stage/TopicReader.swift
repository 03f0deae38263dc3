import EventLog

/// Reads topics from a start to their present ends, once: what commands and start-up need of a compacted topic.
public struct TopicReader {
    private let client: ClientSettings

    /// Reads through a broker.
    public init(_ client: ClientSettings) { self.client = client }

    /// Reads every record that is committed now, in order within each partition.
    public func readToEnd(_ places: [TopicPartition], _ body: (Record) throws -> Void) throws {
        guard !places.isEmpty else { return }
        let consumer = try Consumer(client)
        defer { try? consumer.close() }
        try consumer.assign(Dictionary(uniqueKeysWithValues: places.map { ($0, .beginning) }))
        var ends = try LogEnds(of: places, seenBy: consumer)
        while !ends.areReached {
            let records = try consumer.poll(maximum: 10_000, timeout: .milliseconds(200))
            ends.note(records, consumer)
            for record in records { try body(record) }
        }
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
