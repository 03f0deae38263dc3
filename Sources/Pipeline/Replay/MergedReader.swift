import EventLog

/// Reads stretches of several partitions as one sequence in the order of the records' timestamps, equal ones by partition;
/// within a partition the order is the log's, whatever its timestamps say.
///
/// Each partition has a consumer of its own, and a bounded number of records at hand: partitions that run ahead wait for
/// those behind.
final class MergedReader {
    private struct Lane {
        let place: TopicPartition
        let end: Int64
        let consumer: Consumer
        /// What was fetched and not handed out; `next` is the first of it.
        var records: [Record] = []
        var next = 0
        /// No record of the stretch is left at the broker.
        var isExhausted: Bool

        var head: Record? { next < records.count ? records[next] : nil }
    }

    private var lanes: [Lane] = []
    /// Offsets in the stretches, those without a record included: an upper bound for how many records come.
    let total: Int64

    /// - Parameter stretches: the first offset, and the one behind the last.
    init(_ client: ClientSettings, _ stretches: [TopicPartition: Range<Int64>]) throws {
        total = stretches.values.reduce(0) { $0 + Int64($1.count) }
        for (place, stretch) in stretches.sorted(by: { $0.key < $1.key }) where !stretch.isEmpty {
            let consumer = try Consumer(client)
            try consumer.assign([place: .offset(stretch.lowerBound)])
            lanes.append(Lane(place: place, end: stretch.upperBound, consumer: consumer, isExhausted: false))
        }
    }

    /// The next record; nil at the end.
    func next() throws -> Record? {
        var first: Int?
        for index in lanes.indices {
            try fill(index)
            guard let head = lanes[index].head else { continue }
            if let best = first.flatMap({ lanes[$0].head }), (best.timestamp ?? 0) <= (head.timestamp ?? 0) { continue }
            first = index
        }
        guard let first else { return nil }
        let record = lanes[first].head
        lanes[first].next += 1
        return record
    }

    private func fill(_ index: Int) throws {
        while lanes[index].head == nil, !lanes[index].isExhausted {
            let lane = lanes[index]
            let records = try lane.consumer.poll(maximum: 2_000, timeout: .milliseconds(100))
            let wanted = records.filter { $0.offset < lane.end }
            lanes[index].records = wanted
            lanes[index].next = 0
            // The last offsets of the stretch may hold no record: compaction and transactions leave gaps.
            let isBehindEnd = wanted.count < records.count || (wanted.last.map { $0.offset + 1 >= lane.end } ?? false)
            lanes[index].isExhausted = isBehindEnd || (lane.consumer.caughtUp[lane.place] ?? -1) >= lane.end
        }
    }

    func close() {
        for lane in lanes { try? lane.consumer.close() }
    }
}
