import CRdKafka

/// Writes records and consumed offsets so that both are seen, or neither. Owned by one thread.
///
/// ```
/// initTransactions → (begin → produce… → sendOffsets → commit | abort)*
/// ```
/// An error with `requiresAbort` asks for `abort`; one with `requiresNewProducer` for a new producer, whose
/// `initTransactions` settles what the old one left open. Which of the two transactions came through is then read from the
/// committed offsets, never guessed.
public final class TransactionalProducer {
    private let core: ProducerCore
    /// A transaction is open.
    public private(set) var isOpen = false

    /// - Parameters:
    ///   - transactionalID: one live producer per id; a new one fences the old one.
    ///   - transactionTimeout: the broker aborts what is open for longer.
    public init(
        _ settings: ClientSettings, transactionalID: String, transactionTimeout: Duration = .seconds(10)
    ) throws(EventLogError) {
        core = try ProducerCore(
            settings,
            fixed: [
                "transactional.id": transactionalID,
                "transaction.timeout.ms": String(transactionTimeout.milliseconds),
            ])
    }

    /// Registers the id with the broker, fences older producers of that id and waits until their transactions are settled.
    ///
    /// - Parameter isOver: looked at every second; the wait ends, as when its time is up, once it holds.
    public func initTransactions(
        timeout: Duration = .seconds(60), unless isOver: @escaping () -> Bool = { false }
    ) throws(EventLogError) {
        // In slices: a refusal ends the waiting, which librdkafka would go on with.
        try retrying(Deadline(timeout, unless: isOver)) {
            rd_kafka_init_transactions(core.client.handle, min($0, 1000))
        }
    }

    /// Opens a transaction.
    public func begin() throws(EventLogError) {
        _ = core.deliveries.takeFailure()
        try retrying(Deadline(.zero)) { _ in rd_kafka_begin_transaction(core.client.handle) }
        isOpen = true
    }

    /// Queues a record of the open transaction; waits while the queue is full.
    ///
    /// A record that was refused for its size or its unknown topic leaves the transaction as it was; after any other
    /// error it must be aborted.
    public func produce(_ record: OutgoingRecord, timeout: Duration = .seconds(10)) throws(EventLogError) {
        do {
            try core.produce(record, timeout: timeout)
        } catch {
            var error = error
            error.requiresNewProducer = error.isFatal
            error.requiresAbort =
                !error.isFatal && !error.isUnknownTopic && error.response != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
            throw error
        }
    }

    /// Makes the group's offsets part of the open transaction; they count when it commits.
    ///
    /// - Throws: `EventLogError`; with `isStaleMember`, the group has moved on without this consumer.
    public func sendOffsets(
        _ offsets: [TopicPartition: CommittedOffset], of consumer: Consumer, timeout: Duration = .seconds(10)
    ) throws(EventLogError) {
        guard let group = rd_kafka_consumer_group_metadata(consumer.client.handle) else {
            throw EventLogError(RD_KAFKA_RESP_ERR__INVALID_ARG, "offsets belong to a consumer with a group")
        }
        defer { rd_kafka_consumer_group_metadata_destroy(group) }
        let list = PartitionList(capacity: offsets.count)
        for (place, committed) in offsets.sorted(by: { $0.key < $1.key }) {
            list.add(place, offset: committed.offset, metadata: committed.metadata)
        }
        let pointer = list.pointer
        try retrying(Deadline(timeout)) {
            rd_kafka_send_offsets_to_transaction(core.client.handle, pointer, group, $0)
        }
    }

    /// Delivers what is queued and commits.
    ///
    /// - Throws: `EventLogError`. With `requiresAbort` nothing was committed; with `requiresNewProducer` the outcome may be
    ///   unknown, and only the committed offsets tell.
    public func commit(timeout: Duration = .seconds(30)) throws(EventLogError) {
        let deadline = Deadline(timeout)
        // A record that failed makes the commit fail too; flushing first lets us say which record, and why.
        do { try core.flush(deadline) } catch { throw beforeCommit(error) }
        if let failure = core.deliveries.takeFailure() { throw beforeCommit(failure) }
        try retrying(deadline) { rd_kafka_commit_transaction(core.client.handle, $0) }
        isOpen = false
    }

    private func beforeCommit(_ error: EventLogError) -> EventLogError {
        var error = core.client.error(error.response, error.message, at: error.place)
        error.requiresAbort = !error.isFatal
        return error
    }

    /// Throws the open transaction away; without one, does nothing.
    ///
    /// Records on their way are delivered first: an abort that overtakes them costs the producer (the broker answers
    /// INVALID_TXN_STATE, which is fatal).
    public func abort(timeout: Duration = .seconds(30)) throws(EventLogError) {
        guard isOpen else { return }
        let deadline = Deadline(timeout)
        // Records that cannot be delivered are given up by the abort itself.
        _ = rd_kafka_flush(core.client.handle, min(deadline.milliseconds, 10_000))
        try retrying(deadline) { rd_kafka_abort_transaction(core.client.handle, $0) }
        isOpen = false
        _ = core.deliveries.takeFailure()
    }

    /// Calls again while librdkafka says that this may help and time is left; librdkafka takes the call up where it was.
    private func retrying(
        _ deadline: Deadline, _ call: (_ milliseconds: Int32) -> OpaquePointer?
    ) throws(EventLogError) {
        while let raised = call(deadline.milliseconds) {
            var error = core.client.explained(EventLogError(consuming: raised))
            if error.isRetriable && !deadline.hasPassed {
                guard let refusal = core.client.callbacks.lastingRefusal(.seconds(1)) else { continue }
                error = refusal
            }
            error.requiresNewProducer = !error.requiresAbort
            throw error
        }
    }

    deinit { core.destroy() }
}
