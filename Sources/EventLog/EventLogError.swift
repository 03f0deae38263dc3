import CRdKafka

/// What went wrong in the log, and what its owner can do about it.
///
/// With a `TransactionalProducer`, ask in this order: `requiresNewProducer` (make one, `initTransactions`, go on from the
/// committed offsets), then `requiresAbort` (abort, read again, go on with the same producer).
public struct EventLogError: Error, Hashable, Sendable {
    /// librdkafka's number: negative ones are the client's own, others the broker's.
    public var code: Int32
    /// The code's name, such as `_TIMED_OUT` or `TOPIC_ALREADY_EXISTS`.
    public var name: String
    /// What happened, in words.
    public var message: String
    /// The client that raised it is of no further use.
    public var isFatal: Bool
    /// The same call may work a moment later.
    public var isRetriable: Bool
    /// The open transaction can only be aborted.
    public var requiresAbort: Bool
    /// The producer is of no further use, or the outcome of its commit is unknown.
    public var requiresNewProducer: Bool
    /// The topic it concerns, where one is known.
    public var topic: String?
    /// The partition it concerns, where one is known.
    public var partition: Int32?
    /// The offset it concerns, where one is known.
    public var offset: Int64?

    init(
        _ code: rd_kafka_resp_err_t, _ message: String? = nil, isFatal: Bool = false, isRetriable: Bool = false,
        requiresAbort: Bool = false, at topicPartition: TopicPartition? = nil, offset: Int64? = nil
    ) {
        self.code = code.rawValue
        self.name = String(cString: rd_kafka_err2name(code))
        self.message = message ?? String(cString: rd_kafka_err2str(code))
        self.isFatal = isFatal
        self.isRetriable = isRetriable
        self.requiresAbort = requiresAbort
        self.requiresNewProducer = isFatal
        self.topic = topicPartition?.topic
        self.partition = topicPartition?.partition
        self.offset = offset
    }

    /// The settings do not make a client.
    init(invalidSetting message: String) { self.init(RD_KAFKA_RESP_ERR__INVALID_ARG, message) }

    /// A secret cannot be read, in the words of whoever was to read it.
    public static func unreadableSecret(_ reason: String) -> EventLogError { EventLogError(invalidSetting: reason) }

    /// A refusal, in words for the operator.
    init(_ refusal: Refusal, _ settings: ClientSettings) {
        self.init(
            refusal.isAboutTLS ? RD_KAFKA_RESP_ERR__SSL : RD_KAFKA_RESP_ERR__AUTHENTICATION,
            refusal.explained(to: settings))
    }

    /// Takes over an error object of librdkafka and frees it.
    init(consuming error: OpaquePointer) {
        defer { rd_kafka_error_destroy(error) }
        self.init(
            rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)),
            isFatal: rd_kafka_error_is_fatal(error) != 0, isRetriable: rd_kafka_error_is_retriable(error) != 0,
            requiresAbort: rd_kafka_error_txn_requires_abort(error) != 0)
    }

    /// Another instance took over: a producer with the same transactional id, or a group member with the same instance id.
    public var isFenced: Bool {
        [
            RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
            RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
        ].contains(response)
    }

    /// The group went on without this consumer (it was slow, or a rebalance overtook it), so that its offsets were refused.
    public var isStaleMember: Bool {
        [
            RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
        ].contains(response)
    }

    /// The settings are to blame, and no broker was asked.
    public var isInvalidSetting: Bool { response == RD_KAFKA_RESP_ERR__INVALID_ARG }

    /// Broker and client do not let each other in: password, certificates or the kind of connection.
    public var isRefused: Bool {
        response == RD_KAFKA_RESP_ERR__AUTHENTICATION || response == RD_KAFKA_RESP_ERR__SSL
    }

    /// A group's coordinator is coming up or has moved, as for a moment after a broker has started: ask again.
    static let coordinatorComesUp = [
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
    ]

    /// Time ran out.
    public var isTimeout: Bool {
        [RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT]
            .contains(response)
    }

    /// The call could not reach a broker, for a reason that librdkafka gives in its log alone.
    var lacksReason: Bool {
        isTimeout || response == RD_KAFKA_RESP_ERR__TRANSPORT || response == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN
    }

    /// The offset asked for is not in the log (any more) and `auto.offset.reset` is `error`.
    public var isOffsetOutOfRange: Bool {
        response == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || response == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE
    }

    /// The topic or partition does not exist.
    public var isUnknownTopic: Bool {
        [
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
        ].contains(response)
    }

    /// The topic is there already.
    public var isTopicAlreadyThere: Bool { response == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS }

    var response: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: code) }
    var place: TopicPartition? { topic.map { TopicPartition($0, partition ?? -1) } }
}

extension EventLogError: CustomStringConvertible {
    /// Message, code and place on one line.
    public var description: String {
        var place = topic.map { " at \($0)" } ?? ""
        if let partition { place += "[\(partition)]" }
        if let offset { place += " offset \(offset)" }
        return "\(message) (\(name)\(isFatal ? ", fatal" : ""))\(place)"
    }
}
