import EventLog

/// The ends that some partitions had at one moment, and which of them a reader has yet to reach.
///
/// "Until nothing comes any more" would be never under a steady flow.
struct LogEnds {
    private var ahead: [TopicPartition: Int64] = [:]

    /// The partitions' ends now: under `read_committed` the last offset that no open transaction holds back.
    init(of places: some Collection<TopicPartition>, seenBy reader: Consumer) throws(EventLogError) {
        for place in places { ahead[place] = try reader.watermarks(place).high }
        note([], reader)
    }

    /// Whether the reader has come past all of them.
    var areReached: Bool { ahead.isEmpty }

    /// Takes note of what a poll of the reader returned.
    mutating func note(_ records: [Record], _ reader: Consumer) {
        for record in records {
            if let end = ahead[record.topicPartition], record.offset + 1 >= end { ahead[record.topicPartition] = nil }
        }
        // The last offsets may hold no record, but the mark of a transaction.
        ahead = ahead.filter { place, end in (reader.caughtUp[place] ?? -1) < end }
    }
}
