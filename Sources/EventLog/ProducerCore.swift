import CRdKafka

/// What both producers share: handing records to librdkafka, and hearing what became of them.
final class ProducerCore {
    let client: Client
    let deliveries: DeliveryCallbacks
    private var topics: [String: OpaquePointer] = [:]
    private var sinceServed = 0

    /// One request at a time. A broker takes the first batch that it sees of a producer whatever its sequence number: were
    /// two under way while a partition's leader comes up, the first could be refused and the second taken, and the first,
    /// sent again, would count as a duplicate: acknowledged, and lost.
    private static let once = ["enable.idempotence": "true", "max.in.flight.requests.per.connection": "1"]

    init(_ settings: ClientSettings, fixed: [String: String]) throws(EventLogError) {
        let defaults = [
            "partitioner": "murmur2_random", "retry.backoff.ms": "10",
            "queue.buffering.max.kbytes": "65536", "linger.ms": "2",
            // The broker and its topics decide what is too large: dead letters may be larger than the default lets through.
            "message.max.bytes": "20000000",
        ]
        let deliveries = DeliveryCallbacks(settings)
        client = try Client(
            RD_KAFKA_PRODUCER, settings, defaults: defaults, fixed: fixed.merging(Self.once) { $1 },
            callbacks: deliveries
        ) { configuration in
            rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
                guard let message, let deliveries = ClientCallbacks.from(opaque) as? DeliveryCallbacks else { return }
                deliveries.note(message)
            }
        }
        self.deliveries = deliveries
    }

    /// Queues a record; waits while the queue is full, which is the back pressure.
    func produce(_ record: OutgoingRecord, timeout: Duration) throws(EventLogError) {
        let topic = try handle(of: record.topic)
        var deadline: Deadline?
        while true {
            let code = enqueue(record, topic)
            switch code {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                sinceServed += 1
                if sinceServed >= 64 { serve() }
                return
            case RD_KAFKA_RESP_ERR__QUEUE_FULL:
                let limit = deadline ?? Deadline(timeout)
                deadline = limit
                if limit.hasPassed { throw failure(code, record) }
                serve(for: 10)
            default:
                throw failure(code, record)
            }
        }
    }

    private func failure(_ code: rd_kafka_resp_err_t, _ record: OutgoingRecord) -> EventLogError {
        var error = client.error(code)
        error.topic = record.topic
        error.partition = record.partition
        return error
    }

    private func enqueue(_ record: OutgoingRecord, _ topic: OpaquePointer) -> rd_kafka_resp_err_t {
        let headers = record.headers.isEmpty ? nil : rd_kafka_headers_new(record.headers.count)
        for header in record.headers {
            let code = withBytes(header.value) { rd_kafka_header_add(headers, header.name, -1, $0, $1) }
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                rd_kafka_headers_destroy(headers)
                return code
            }
        }
        let code = withBytes(record.key) { key, keyLength in
            withBytes(record.value) { value, valueLength in
                notestream_produce(
                    client.handle, topic, record.partition ?? RD_KAFKA_PARTITION_UA, key, keyLength, value, valueLength,
                    record.timestamp ?? 0, headers)
            }
        }
        if code != RD_KAFKA_RESP_ERR_NO_ERROR, let headers { rd_kafka_headers_destroy(headers) }
        return code
    }

    private func handle(of name: String) throws(EventLogError) -> OpaquePointer {
        if let topic = topics[name] { return topic }
        guard let topic = rd_kafka_topic_new(client.handle, name, nil) else {
            throw client.error(rd_kafka_last_error())
        }
        topics[name] = topic
        return topic
    }

    /// Runs the delivery callbacks that are due.
    func serve(for milliseconds: Int32 = 0) {
        sinceServed = 0
        rd_kafka_poll(client.handle, milliseconds)
    }

    /// Waits until every queued record is delivered or has failed.
    func flush(_ deadline: Deadline) throws(EventLogError) {
        let code = rd_kafka_flush(client.handle, deadline.milliseconds)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw client.error(code, "\(rd_kafka_outq_len(client.handle)) records are still on their way")
    }

    /// Ends the client; what is still queued is given up.
    func destroy() {
        rd_kafka_purge(
            client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING)
        for topic in topics.values { rd_kafka_topic_destroy(topic) }
        topics = [:]
        client.destroy()
    }
}

/// Counts what became of records. Called on the producer's thread only, from within poll and flush.
final class DeliveryCallbacks: ClientCallbacks {
    private(set) var delivered = 0
    /// Where the last delivered record lies in its topic.
    private(set) var last: (partition: Int32, offset: Int64) = (-1, -1)
    private var firstFailure: EventLogError?

    func note(_ message: UnsafePointer<rd_kafka_message_t>) {
        guard message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR else {
            delivered += 1
            last = (message.pointee.partition, message.pointee.offset)
            return
        }
        guard firstFailure == nil else { return }
        let topic = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) }
        firstFailure = EventLogError(
            message.pointee.err,
            "a record was not delivered: " + String(cString: rd_kafka_err2str(message.pointee.err)),
            at: topic.map { TopicPartition($0, message.pointee.partition) })
    }

    /// The first failure since the last call.
    func takeFailure() -> EventLogError? {
        defer { firstFailure = nil }
        return firstFailure
    }
}

/// Lends bytes to C: a null pointer for nil, any other for empty.
private func withBytes<Result>(_ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Result) -> Result {
    guard let bytes else { return body(nil, 0) }
    return bytes.withUnsafeBytes { buffer in
        if let base = buffer.baseAddress, !buffer.isEmpty { return body(base, buffer.count) }
        return withUnsafeBytes(of: UInt8(0)) { body($0.baseAddress, 0) }
    }
}
