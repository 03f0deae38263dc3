/// One partition of one topic.
public struct TopicPartition: Hashable, Sendable {
    /// The topic's name.
    public let topic: String
    /// The partition's number, from 0.
    public let partition: Int32

    /// Names a partition.
    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }
}

extension TopicPartition: Comparable {
    /// By topic, then by number.
    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        left.topic == right.topic ? left.partition < right.partition : left.topic < right.topic
    }
}

extension TopicPartition: CustomStringConvertible {
    /// `topic[partition]`, as Kafka's own messages write it.
    public var description: String { "\(topic)[\(partition)]" }
}

/// Where reading a partition begins.
public enum StartOffset: Hashable, Sendable {
    /// At this offset, or the first one after it that the log still holds.
    case offset(Int64)
    /// At the oldest record the log still holds.
    case beginning
    /// Behind the newest record.
    case end
    /// At the group's committed offset; at the beginning when there is none.
    case committed
}

/// What a group has committed for a partition.
public struct CommittedOffset: Hashable, Sendable {
    /// The offset of the first record that is not done.
    public var offset: Int64
    /// Free text that travels with the offset, atomically; the broker's limit is 4 KiB.
    public var metadata: String

    /// Makes one to commit.
    public init(offset: Int64, metadata: String = "") {
        self.offset = offset
        self.metadata = metadata
    }
}

/// The offsets a partition holds: `low` is the oldest record's, `high` that of the record to come.
public struct Watermarks: Hashable, Sendable {
    /// Offset of the oldest record still there.
    public let low: Int64
    /// Offset behind the newest record; under `read_committed`, behind the last one that no open transaction holds back.
    public let high: Int64

    /// Makes a pair.
    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}
