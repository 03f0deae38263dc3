import CRdKafka
import Glibc
import Synchronization

/// Reads records, as a member of a group or of partitions given by hand. Owned by one thread.
///
/// librdkafka fetches on threads of its own; everything else, rebalances included, happens inside the calls made here.
/// Between two polls, therefore, no partition comes or goes: a batch that `poll` returned can be worked through and
/// committed in peace, as long as `max.poll.interval.ms` (5 minutes) allows.
public final class Consumer {
    let client: Client
    private let callbacks: ConsumerCallbacks
    /// nil: partitions are given by hand.
    public let group: GroupSettings?
    /// The partitions this consumer reads now.
    public internal(set) var assignment: Set<TopicPartition> = []
    /// Those whose end has been reached and from which no record has come since, with the offset of that end (under
    /// `read_committed`, the offset up to which no open transaction holds records back).
    public internal(set) var caughtUp: [TopicPartition: Int64] = [:]

    /// Those of `assignment` that the group did not give.
    var assignedByHand: Set<TopicPartition> = []
    var listener: (any RebalanceListener)?
    /// What the running poll has taken over so far; a revocation within it drops the revoked partitions' records again.
    var gathered: [Record] = []
    /// Raised in mid-poll, thrown when nothing is left to be returned before it.
    var pendingError: (any Error)?
    /// The group's assignor keeps no state before the first assignment; see `end`.
    var hasSubscribed = false
    var hasBeenAssigned = false
    /// Something came from a broker during the running poll.
    private var hasHeard = false
    private var topicNames = TopicNames()
    private(set) var isClosed = false

    /// A member of a group, or with nil a reader of partitions given by hand, which never touches any group.
    public init(_ settings: ClientSettings, group: GroupSettings? = nil) throws(EventLogError) {
        self.group = group
        var fixed = [
            "enable.auto.commit": "false", "enable.auto.offset.store": "false", "enable.partition.eof": "true",
            "isolation.level": "read_committed",
        ]
        // librdkafka 2.0 looks at a full queue again only after a second: a queue much smaller than what is worked through
        // in a second makes reading crawl, a larger one is memory.
        var defaults = [
            "auto.offset.reset": "earliest", "queued.min.messages": "50000", "queued.max.messages.kbytes": "32768",
            "fetch.max.bytes": "16777216", "fetch.error.backoff.ms": "50", "fetch.wait.max.ms": "250",
        ]
        if let group {
            fixed["group.id"] = group.groupID
            fixed["partition.assignment.strategy"] = "cooperative-sticky"
            fixed["session.timeout.ms"] = String(group.sessionTimeout.milliseconds)
            defaults["heartbeat.interval.ms"] = String(max(1, min(3000, group.sessionTimeout.milliseconds / 6)))
            if let instance = group.instanceID { fixed["group.instance.id"] = instance }
        } else {
            // librdkafka assigns only where there is a group, which nobody joins by this.
            defaults["group.id"] = "notestream-reader"
        }
        callbacks = ConsumerCallbacks(settings)
        client = try Client(
            RD_KAFKA_CONSUMER, settings, defaults: defaults, fixed: fixed, callbacks: callbacks
        ) { configuration in
            rd_kafka_conf_set_rebalance_cb(configuration) { _, event, partitions, opaque in
                guard let partitions, let callbacks = ClientCallbacks.from(opaque) as? ConsumerCallbacks else { return }
                callbacks.rebalance?(event, partitions)
            }
        }
        callbacks.rebalance = { [weak self] in self?.rebalance($0, $1) }
        // One queue for records and events, so that one poll serves both.
        rd_kafka_poll_set_consumer(client.handle)
    }

    /// Waits until a record is there, at most `timeout`, and returns it with all that have arrived by then, at most
    /// `maximum`, in order within each partition. With a `linger`, waits so much longer for more.
    ///
    /// Serves rebalances through the listener and then returns at once, perhaps with nothing. Errors about one topic
    /// (`isUnknownTopic`, not authorised) are no reason to stop polling; a fatal one is: this consumer is of no more use,
    /// and another is needed. A static member may be told that it is fenced (`isFenced`) when its broker was away for
    /// longer than the session time-out, although there is no other: librdkafka heartbeats without its member id then.
    ///
    /// Brokers that refuse the client (`isRefused`) and send nothing for seconds are a reason to make another one too.
    ///
    /// - Throws: `EventLogError`, or whatever the listener threw.
    public func poll(maximum: Int = 1000, timeout: Duration, linger: Duration = .zero) throws -> [Record] {
        try throwPendingError()
        gathered = []
        var message = rd_kafka_consumer_poll(client.handle, timeout.milliseconds)
        let deadline = linger > .zero ? Deadline(linger) : nil
        while let received = message {
            take(received)
            rd_kafka_message_destroy(received)
            if gathered.count >= maximum || pendingError != nil { break }
            message = rd_kafka_consumer_poll(client.handle, deadline?.milliseconds ?? 0)
        }
        // Not every fatal error comes as an event; without this, a dead consumer would look like an idle one.
        if gathered.isEmpty && pendingError == nil, let error = client.fatalError {
            pendingError = error
            loseEverything()
        }
        if gathered.isEmpty { try throwPendingError() }
        try throwLastingRefusal()
        let records = gathered
        gathered = []
        return records
    }

    private func throwPendingError() throws {
        guard let error = pendingError else { return }
        pendingError = nil
        throw error
    }

    /// librdkafka goes on asking with the password it was made with. Nothing came for a while after a refusal: a new client
    /// has a chance, with what the secrets' files say by then.
    private func throwLastingRefusal() throws(EventLogError) {
        if hasHeard { client.callbacks.forgetRefusal() }
        hasHeard = false
        guard gathered.isEmpty else { return }
        if let refusal = client.callbacks.lastingRefusal(.seconds(5)) { throw refusal }
    }

    /// A record, the end of a partition, or an error.
    private func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        let code = message.pointee.err
        let place = message.pointee.rkt.map { TopicPartition(topicNames.name($0), message.pointee.partition) }
        switch code {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            guard let place else { return }
            if !caughtUp.isEmpty { caughtUp[place] = nil }
            hasHeard = true
            gathered.append(Record(message, at: place))
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            hasHeard = true
            if let place { caughtUp[place] = message.pointee.offset }
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
            // The partitions are lost, which the listener hears of next.
            client.callbacks.noteTrouble(code, rd_kafka_message_errstr(message))
        default:
            var error = client.error(code, rd_kafka_message_errstr(message).map { String(cString: $0) }, at: place)
            if message.pointee.offset >= 0 { error.offset = message.pointee.offset }
            pendingError = error
            if error.isFatal { loseEverything() }
        }
    }

    /// Gives every partition up (the listener hears of it as a revocation), leaves the group unless a static member, and
    /// ends the client. Without this, `deinit` does so and tells nobody.
    public func close() throws {
        guard !isClosed else { return }
        isClosed = true
        let code = rd_kafka_consumer_close(client.handle)
        let error = code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : client.error(code)
        loseEverything()
        listener = nil
        end()
        try throwPendingError()
        if let error { throw error }
    }

    /// librdkafka before 2.3 aborts the process when a member of a cooperative group is destroyed before its first
    /// assignment (github.com/confluentinc/librdkafka/issues/4312): the idle handle of such a member is left behind.
    private func end() {
        if hasSubscribed && !hasBeenAssigned && rd_kafka_version() < 0x0203_00_00 {
            client.abandon()
            Self.abandonments.add(1, ordering: .relaxed)
        } else {
            client.destroy(flags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        }
    }

    /// How many handles were left behind, each with its threads and connections: nothing but the process's end frees them.
    public static var abandoned: Int { abandonments.load(ordering: .relaxed) }
    private static let abandonments = Atomic(0)

    /// Drops a member of a group as a crash would. Any other consumer is closed first, without a word to the listener:
    /// destroying it unclosed may wait for ever for a rebalance that nobody answers any more.
    deinit {
        if !isClosed, !hasBeenAssigned {
            let handle = client.handle
            callbacks.rebalance = { event, partitions in
                let error =
                    event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
                    ? rd_kafka_incremental_assign(handle, partitions)
                    : rd_kafka_incremental_unassign(handle, partitions)
                if let error { rd_kafka_error_destroy(error) }
            }
            rd_kafka_consumer_close(handle)
        }
        end()
    }
}

/// Leads librdkafka's rebalance callback to its consumer.
final class ConsumerCallbacks: ClientCallbacks {
    var rebalance: ((rd_kafka_resp_err_t, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Void)?
}

/// librdkafka names a message's topic by a C string; each name is made into a `String` once.
private struct TopicNames {
    private var known: [(cString: ContiguousArray<CChar>, name: String)] = []

    mutating func name(_ topic: OpaquePointer) -> String {
        guard let cString = rd_kafka_topic_name(topic) else { return "" }
        for (candidate, name) in known
        where candidate.withUnsafeBufferPointer({ $0.baseAddress.map { strcmp($0, cString) } }) == 0 {
            return name
        }
        let name = String(cString: cString)
        known.append((name.utf8CString, name))
        return name
    }
}

extension Record {
    fileprivate init(_ message: UnsafeMutablePointer<rd_kafka_message_t>, at place: TopicPartition) {
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &kind)
        self.init(
            topicPartition: place, offset: message.pointee.offset,
            timestamp: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp,
            key: bytes(message.pointee.key, message.pointee.key_len),
            value: bytes(message.pointee.payload, message.pointee.len),
            headers: Header.all(of: message))
    }
}

extension Header {
    fileprivate static func all(of message: UnsafePointer<rd_kafka_message_t>) -> [Header] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
        var headers: [Header] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(list, headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let name
        {
            headers.append(Header(String(cString: name), bytes(value, size)))
        }
        return headers
    }
}

/// Copies librdkafka's bytes; nil stays nil.
private func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
    start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
}
