import CRdKafka
import EventLog
import Foundation
import Testing

@Suite("Producers when brokers fail", .timeLimit(.minutes(1)))
struct MockProducerTests {
    let cluster: MockCluster
    let topic = "topic"

    init() throws {
        cluster = try MockCluster()
        cluster.createTopic(topic)
    }

    private func producer() throws -> TransactionalProducer {
        let producer = try TransactionalProducer(cluster.settings, transactionalID: "id")
        try producer.initTransactions()
        return producer
    }

    private func commitOne(_ producer: TransactionalProducer) throws {
        try producer.begin()
        try producer.produce(OutgoingRecord(topic, 0, "one"))
        try producer.commit()
    }

    @Test("nobody has to wait for a broker that does not answer longer than they want to")
    func waitEnds() throws {
        let producer = try TransactionalProducer(
            ClientSettings(bootstrapServers: "127.0.0.1:1"), transactionalID: "id")
        let start = ContinuousClock.now
        let error = #expect(throws: EventLogError.self) {
            try producer.initTransactions(unless: { ContinuousClock.now - start > .seconds(1) })
        }
        #expect(error?.isTimeout == true)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("a commit is tried again while that can help")
    func retriableCommit() throws {
        let producer = try producer()
        cluster.fail(
            .endTransaction,
            with: [
                RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            ])
        try commitOne(producer)
        try commitOne(producer)
    }

    @Test(
        "a fatal error asks for a new producer, which works",
        arguments: [
            RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ])
    func fatal(code: rd_kafka_resp_err_t) throws {
        let first = try producer()
        try commitOne(first)
        cluster.fail(.endTransaction, with: [code])
        let error = #expect(throws: EventLogError.self) { try commitOne(first) }
        #expect(error?.requiresNewProducer == true, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.isFatal == true)
        #expect(error?.requiresAbort == false)
        #expect(error?.isFenced == (code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED))
        // It stays so: every further call says that a new one is needed.
        let again = #expect(throws: EventLogError.self) { try commitOne(first) }
        #expect(again?.requiresNewProducer == true)
        try commitOne(producer())
    }

    @Test("an error of the transaction alone asks for an abort, and the producer goes on")
    func abortable() throws {
        let producer = try producer()
        cluster.fail(.addPartitionsToTransaction, with: [RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED])
        let error = #expect(throws: EventLogError.self) { try commitOne(producer) }
        #expect(error?.requiresAbort == true, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.requiresNewProducer == false)
        try producer.abort()
        try commitOne(producer)
    }

    @Test("a commit whose outcome stays unknown asks for a new producer")
    func unknownOutcome() throws {
        let producer = try producer()
        try producer.begin()
        try producer.produce(OutgoingRecord(topic, 0, "one"))
        // Delivered, so that only the end of the transaction is missing.
        Thread.sleep(forTimeInterval: 0.3)
        cluster.fail(
            .endTransaction, with: Array(repeating: RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, count: 1000))
        let error = #expect(throws: EventLogError.self) { try producer.commit(timeout: .seconds(2)) }
        #expect(error?.requiresNewProducer == true, "\(error.map(String.init(describing:)) ?? "")")
        cluster.stopFailing(.endTransaction)
        try commitOne(self.producer())
    }

    @Test("offsets of a member the group has left behind are refused as such")
    func staleMember() throws {
        let listener = LoggingListener()
        let consumer = try Consumer(cluster.settings, group: GroupSettings(groupID: "group"))
        try consumer.subscribe(to: [topic], listener: listener)
        #expect(
            try wait {
                _ = try consumer.poll(timeout: .milliseconds(20)); return consumer.assignment.count == 1
            })
        let producer = try producer()
        try producer.begin()
        try producer.produce(OutgoingRecord(topic, 0, "one"))
        cluster.fail(.transactionOffsetCommit, with: [RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION])
        let error = #expect(throws: EventLogError.self) {
            try producer.sendOffsets([TopicPartition(topic, 0): CommittedOffset(offset: 1)], of: consumer)
        }
        #expect(error?.isStaleMember == true, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.requiresAbort == true)
        try producer.abort()
        try commitOne(producer)
        try consumer.close()
    }

    @Test("a full queue makes the producer wait, and in the end says so")
    func backPressure() throws {
        var settings = cluster.settings
        settings.properties = ["queue.buffering.max.messages": "10", "message.timeout.ms": "20000"]
        let producer = try Producer(settings)
        for n in 0..<500 { try producer.produce(OutgoingRecord(topic, 0, "\(n)")) }
        try producer.flush()
        #expect(producer.delivered == 500)
        cluster.goDown()
        let error = #expect(throws: EventLogError.self) {
            for n in 0..<11 { try producer.produce(OutgoingRecord(topic, 0, "\(n)"), timeout: .milliseconds(200)) }
        }
        #expect(error?.name == "_QUEUE_FULL")
        let late = #expect(throws: EventLogError.self) { try producer.flush(timeout: .milliseconds(200)) }
        #expect(late?.isTimeout == true)
        #expect(late?.message.contains("10 records are still on their way") == true, "\(late?.message ?? "")")
        cluster.goUp()
        try producer.flush()
        #expect(producer.delivered == 510)
    }
}

extension rd_kafka_resp_err_t: @retroactive CustomTestStringConvertible {
    /// The code's name, in a test case's.
    public var testDescription: String { String(cString: rd_kafka_err2name(self)) }
}
