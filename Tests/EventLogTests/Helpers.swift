import BrokerSupport
import EventLog
import Foundation
import Testing

/// Tests that need a broker run one after the other: they block their threads, and a loaded broker makes time-outs lie.
@Suite(
    .serialized, .enabled(if: !TestBrokers.all.isEmpty, Comment(rawValue: TestBrokers.missing)), .timeLimit(.minutes(2))
)
enum BrokerTests {}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension Record {
    var text: String { String(decoding: value ?? [], as: UTF8.self) }
}

extension OutgoingRecord {
    init(_ topic: String, _ partition: Int32 = 0, _ text: String) {
        self.init(topic: topic, partition: partition, key: nil, value: bytes(text))
    }
}

/// Repeats until the condition holds; false when time is over.
func wait(_ limit: Duration = .seconds(15), until condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try condition() { return true }
    }
    return try condition()
}

extension Consumer {
    /// Polls until `count` records are there or time is over.
    func read(_ count: Int, within limit: Duration = .seconds(15)) throws -> [Record] {
        var records: [Record] = []
        _ = try wait(limit) {
            records += try poll(timeout: .milliseconds(50))
            return records.count >= count
        }
        return records
    }

    /// Polls until the end of every partition it reads.
    func readToEnd(within limit: Duration = .seconds(15)) throws -> [Record] {
        var records: [Record] = []
        let done = try wait(limit) {
            records += try poll(timeout: .milliseconds(50))
            return caughtUp.count == assignment.count
        }
        #expect(done, "the end of \(assignment) was not reached")
        return records
    }
}

extension TestBroker {
    /// What a fresh `read_committed` reader sees of a partition.
    func committedTexts(_ topic: String, _ partition: Int32 = 0) throws -> [String] {
        let consumer = try Consumer(settings)
        try consumer.assign([TopicPartition(topic, partition): .beginning])
        let texts = try consumer.readToEnd().map(\.text)
        try consumer.close()
        return texts
    }

    func write(_ records: [OutgoingRecord]) throws {
        let producer = try Producer(settings)
        for record in records { try producer.produce(record) }
        try producer.flush()
    }

    func transactionalProducer(_ id: String) throws -> TransactionalProducer {
        let producer = try TransactionalProducer(settings, transactionalID: id)
        try producer.initTransactions()
        return producer
    }
}

/// Starts partitions at their committed offsets and writes down what it hears.
final class LoggingListener: RebalanceListener {
    private(set) var assigned: [TopicPartition] = []
    private(set) var revoked: [TopicPartition] = []
    private(set) var lost: [TopicPartition] = []
    var onRevoked: () throws -> Void = {}
    var onAssigned: () throws -> Void = {}

    func assigned(_ partitions: [TopicPartition], to consumer: Consumer) throws -> [TopicPartition: StartOffset] {
        assigned += partitions
        try onAssigned()
        let committed = try consumer.committed(partitions)
        return Dictionary(
            uniqueKeysWithValues: partitions.map { ($0, committed[$0].map { .offset($0.offset) } ?? .beginning) })
    }

    func revoked(_ partitions: [TopicPartition], from consumer: Consumer) throws {
        revoked += partitions
        try onRevoked()
    }

    func lost(_ partitions: [TopicPartition], from consumer: Consumer) throws { lost += partitions }
}
