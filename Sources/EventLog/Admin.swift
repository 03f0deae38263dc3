import CRdKafka

/// A topic as the cluster has it.
public struct TopicDescription: Hashable, Sendable {
    /// The topic's name.
    public let name: String
    /// How many partitions it has.
    public let partitions: Int32
    /// Copies of each partition.
    public let replication: Int
}

/// A topic to be made.
public struct NewTopic: Hashable, Sendable {
    /// The topic's name.
    public var name: String
    /// How many partitions.
    public var partitions: Int32
    /// Copies of each; nil is the broker's default.
    public var replication: Int32?
    /// Kafka's topic settings, such as `cleanup.policy`.
    public var configuration: [String: String]

    /// Describes a topic to be made.
    public init(_ name: String, partitions: Int32, replication: Int32? = nil, configuration: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replication = replication
        self.configuration = configuration
    }
}

/// One setting of a topic.
public struct TopicSetting: Hashable, Sendable {
    /// The value in Kafka's words; nil where it is secret.
    public let value: String?
    /// Nobody set it for this topic.
    public let isDefault: Bool
}

/// Looks after topics and asks about groups. Every call blocks until the brokers have answered. Owned by one thread.
public final class Admin {
    let client: Client

    /// Connects when first asked.
    public init(_ settings: ClientSettings) throws(EventLogError) {
        client = try Client(
            RD_KAFKA_PRODUCER, settings, defaults: [:], fixed: [:],
            callbacks: ClientCallbacks(settings))
    }

    deinit { client.destroy() }

    /// Starts an operation and waits for its result, which `read` takes apart while it lives.
    func perform<Answer>(
        _ operation: rd_kafka_admin_op_t, timeout: Duration,
        start: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
        read: (_ event: OpaquePointer) throws(EventLogError) -> Answer
    ) throws(EventLogError) -> Answer {
        let queue = rd_kafka_queue_new(client.handle)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client.handle, operation)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let milliseconds = timeout.milliseconds
        // Not every operation has both; librdkafka's bounds are an hour at most.
        _ = rd_kafka_AdminOptions_set_request_timeout(options, min(max(milliseconds, 1), 3_600_000), nil, 0)
        if [RD_KAFKA_ADMIN_OP_CREATETOPICS, RD_KAFKA_ADMIN_OP_DELETETOPICS, RD_KAFKA_ADMIN_OP_DELETERECORDS]
            .contains(operation)
        {
            _ = rd_kafka_AdminOptions_set_operation_timeout(options, min(milliseconds, 3_600_000), nil, 0)
        }
        start(options, queue)
        // librdkafka itself ends the request in time; the second more is for it to say so.
        guard let event = rd_kafka_queue_poll(queue, milliseconds &+ 1000) else {
            throw client.error(RD_KAFKA_RESP_ERR__TIMED_OUT)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw client.error(code, rd_kafka_event_error_string(event).map { String(cString: $0) })
        }
        return try read(event)
    }
}
