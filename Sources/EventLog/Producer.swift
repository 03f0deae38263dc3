import CRdKafka

/// Writes records, each once and in order per partition (idempotent), outside any transaction. Owned by one thread.
public final class Producer {
    private let core: ProducerCore

    /// A producer with librdkafka's queue bounded at 100,000 records and 64 MiB unless the properties say otherwise.
    public init(_ settings: ClientSettings) throws(EventLogError) {
        core = try ProducerCore(settings, fixed: [:])
    }

    /// How many records the broker has acknowledged, as far as known at the last `produce` or `flush`.
    public var delivered: Int { core.deliveries.delivered }

    /// Queues a record and returns; waits while the queue is full.
    ///
    /// - Throws: `EventLogError` of this record, or the first delivery failure of an earlier one.
    public func produce(_ record: OutgoingRecord, timeout: Duration = .seconds(60)) throws(EventLogError) {
        if let failure = core.deliveries.takeFailure() { throw failure }
        try core.produce(record, timeout: timeout)
    }

    /// Waits until every record is acknowledged.
    ///
    /// - Throws: `EventLogError` when time runs out, or the first delivery failure.
    public func flush(timeout: Duration = .seconds(60)) throws(EventLogError) {
        try core.flush(Deadline(timeout))
        if let failure = core.deliveries.takeFailure() { throw failure }
    }

    /// Sends one record and waits until it is acknowledged; answers where it lies in its topic.
    ///
    /// - Throws: `EventLogError` when time runs out, or of this record or an earlier one.
    public func deliver(
        _ record: OutgoingRecord, timeout: Duration = .seconds(10)
    ) throws(EventLogError) -> (partition: Int32, offset: Int64) {
        try produce(record, timeout: timeout)
        try flush(timeout: timeout)
        return core.deliveries.last
    }

    deinit { core.destroy() }
}
