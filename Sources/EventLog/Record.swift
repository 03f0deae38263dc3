/// A header of a record: names may repeat, order is kept.
public struct Header: Hashable, Sendable {
    /// The header's name.
    public var name: String
    /// Its bytes; nil is Kafka's null.
    public var value: [UInt8]?

    /// A header of bytes.
    public init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    /// A header of UTF-8 text.
    public init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
}

/// A record read from a topic.
public struct Record: Sendable {
    /// Where it lies.
    public var topicPartition: TopicPartition
    /// Its position there.
    public var offset: Int64
    /// The record's own time in milliseconds since 1970 UTC (producer's or broker's, as the topic is set); nil when it has
    /// none. Event time is in the payload; brokers delete by this one.
    public var timestamp: Int64?
    /// The key; nil where there is none, which is not the same as an empty one.
    public var key: [UInt8]?
    /// The value; nil is a tombstone.
    public var value: [UInt8]?
    /// The headers in the order they were written.
    public var headers: [Header]

    /// Makes a record, as tests of readers do.
    public init(
        topicPartition: TopicPartition, offset: Int64, timestamp: Int64?, key: [UInt8]?, value: [UInt8]?,
        headers: [Header] = []
    ) {
        self.topicPartition = topicPartition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// The topic it came from.
    public var topic: String { topicPartition.topic }
    /// The partition it came from.
    public var partition: Int32 { topicPartition.partition }

    /// The last header of that name.
    public func header(_ name: String) -> [UInt8]? { headers.last { $0.name == name }?.value }
}

/// A record to be written.
public struct OutgoingRecord: Hashable, Sendable {
    /// The topic, which must exist.
    public var topic: String
    /// The partition; nil lets the key decide as Kafka's own clients do (`murmur2`), or chance where there is no key.
    public var partition: Int32?
    /// The key, or nil.
    public var key: [UInt8]?
    /// The value, or nil for a tombstone.
    public var value: [UInt8]?
    /// Headers, in order.
    public var headers: [Header]
    /// Milliseconds since 1970 UTC; nil is the present, which is what keeps a broker from deleting a log of the past.
    public var timestamp: Int64?

    /// Makes a record to be written.
    public init(
        topic: String, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?, headers: [Header] = [],
        timestamp: Int64? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
    }
}
