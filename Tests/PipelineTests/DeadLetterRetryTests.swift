import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Synchronization
import Testing

/// Dead letters sent again, on real brokers.
@Suite(
    "Retry of dead letters", .serialized,
    .enabled(if: !TestBrokers.all.isEmpty, Comment(rawValue: TestBrokers.missing)), .timeLimit(.minutes(5)))
struct DeadLetterRetryTests {
    @Test(
        "key, bytes, headers and partition as they were, one count more; a second time sends nothing",
        arguments: TestBrokers.all)
    func sendsAsItWas(broker: TestBroker) throws {
        let world = try LetterWorld(broker)
        let odd: [([UInt8]?, [UInt8]?, [Header])] = [
            (nil, bytes("no key"), []), ([], [], [Header("empty", [])]), (bytes("k"), nil, []),
            (bytes("a@v1"), [0, 0xFF], [Header("content-type", "x"), Header("twice", "1"), Header("twice", nil)]),
        ]
        for (index, (key, value, headers)) in odd.enumerated() {
            try world.original(key, value, headers, partition: Int32(index % 2))
        }
        let before = try world.read(.clicks)
        try world.setAside(before)
        #expect(try world.retry().sent == 4)
        for partition in 0..<LetterWorld.partitions {
            let own = try world.read(.clicks).filter { $0.partition == partition }
            let (old, new) = (own.prefix(own.count / 2), own.suffix(own.count / 2))
            for (a, b) in zip(old, new) {
                #expect(a.key == b.key)
                #expect(a.value == b.value)
                #expect(b.headers == a.headers + [Header("dead-letter-retries", "1")])
            }
        }
        #expect(try world.retry().sent == 0)
        #expect(try world.read(.clicks).count == 8)

        let second = try world.read(.clicks).filter { $0.header("dead-letter-retries") != nil }
        try world.setAside(Array(second.prefix(1)))
        #expect(try world.retry().sent == 1, "one that came back is another letter")
        let last = try world.read(.clicks).filter { $0.header("dead-letter-retries") == bytes("2") }
        #expect(last.count == 1)
    }

    @Test("only what is meant, and of that the oldest", arguments: TestBrokers.all)
    func selection(broker: TestBroker) throws {
        let world = try LetterWorld(broker)
        for number in 0..<6 { try world.original(bytes("k"), bytes("\(number)"), partition: 0) }
        let records = try world.read(.clicks)
        try world.setAside(Array(records[0..<3]), .syntax)
        try world.setAside(Array(records[3..<6]), .missing)
        var selection = LetterSelection()
        selection.reason = "missing"
        #expect(try world.retry(selection, limit: 2).sent == 2)
        #expect(try world.read(.clicks).dropFirst(6).map { text($0.value) } == ["3", "4"])
        let rest = try world.topic.letters(LetterSelection(), keeping: 9).waiting()
        #expect(rest.map { text($0.valueStart) } == ["0", "1", "2", "5"])
        selection = LetterSelection()
        selection.positions = [rest[1].position]
        #expect(try world.retry(selection).sent == 1)
        #expect(text(try world.read(.clicks).last?.value) == "1")
    }

    @Test("two retries at a time, and more: each record goes out once", arguments: TestBrokers.all)
    func rivals(broker: TestBroker) throws {
        let world = try LetterWorld(broker)
        for number in 0..<1_500 {
            try world.original(bytes("\(number)"), bytes("\(number)"), partition: Int32(number % 2))
        }
        try world.setAside(try world.read(.clicks))
        let ended = Mutex(0)
        let threads = (0..<3).map { number in
            Thread {
                Thread.sleep(forTimeInterval: Double(number) * 0.15)
                // The later one ends the earlier: an error is no surprise.
                _ = try? world.retry()
                ended.withLock { $0 += 1 }
            }
        }
        for thread in threads { thread.start() }
        try waitUntil("the retries have ended", .seconds(60)) { ended.withLock { $0 == threads.count } }
        _ = try world.retry()
        let values = try world.read(.clicks).filter { $0.header("dead-letter-retries") != nil }.map { text($0.value) }
        #expect(values.count == 1_500)
        #expect(Set(values).count == 1_500)
    }

    @Test("marks behind a stage's open transaction count too", arguments: TestBrokers.kafka)
    func openTransaction(broker: TestBroker) throws {
        let world = try LetterWorld(broker)
        try world.original(bytes("k"), bytes("one"), partition: 0)
        try world.setAside(try world.read(.clicks))
        // A stage's transaction begins before the first retry, and is open until after the second has begun.
        let stage = try TransactionalProducer(broker.settings, transactionalID: world.prefix + "stage")
        try stage.initTransactions()
        try stage.begin()
        for partition in 0..<LetterWorld.partitions {
            try stage.produce(
                OutgoingRecord(
                    topic: world.topics.name(of: .deadLetters), partition: partition, key: nil, value: bytes("open")))
        }
        Thread.sleep(forTimeInterval: 0.5)
        let sent = Mutex<[Int]>([])
        for _ in 0..<2 {
            let thread = Thread {
                let count = (try? world.retry().sent) ?? 0
                sent.withLock { $0.append(count) }
            }
            thread.start()
            Thread.sleep(forTimeInterval: 1)
        }
        try stage.commit()
        try waitUntil("both have ended") { sent.withLock { $0.count == 2 } }
        _ = try world.retry()
        #expect(try world.read(.clicks).count == 2)
    }

    @Test("a value too large for its letter is fetched from where it lies", arguments: TestBrokers.all)
    func leftOut(broker: TestBroker) throws {
        let world = try LetterWorld(broker)
        let large = [UInt8](repeating: 7, count: 300_000)
        try world.original(bytes("k"), large, [Header("own", "x")], partition: 1)
        try world.original(bytes("gone"), large, partition: 1)
        let records = try world.read(.clicks)
        try world.setAside([records[0]], limit: 1_400)
        // Says it came from an offset where another record lies.
        var moved = records[1]
        moved.offset = 0
        moved.timestamp = (moved.timestamp ?? 0) + 1
        try world.setAside([moved], limit: 1_400)
        let letters = try world.topic.letters(LetterSelection(), keeping: 5).letters
        #expect(letters.allSatisfy { $0.isValueLeftOut && $0.valueBytes == 300_000 && $0.valueStart == nil })
        let outcome = try world.retry()
        #expect(outcome.sent == 1)
        #expect(outcome.refused.map { text($0.letter.key) } == ["gone"])
        let last = try #require(try world.read(.clicks).last)
        #expect(last.value == large)
        #expect(last.header("own") == bytes("x"))
    }

    @Test("what its topic does not take is named, and keeps nothing else back", arguments: TestBrokers.kafka)
    func refused(broker: TestBroker) throws {
        let limit = 50_000
        let world = try LetterWorld(broker, limit: limit)
        for number in 0..<4 { try world.original(bytes("k"), bytes("\(number)"), partition: 0) }
        // As large as the topic takes, to the byte: no room for a count.
        let framing = 61 + 3 + 3 + 2 + 3 + 1
        let large = [UInt8](repeating: 1, count: limit - framing)
        try world.original(bytes("k"), large, partition: 0)
        #expect(throws: EventLogError.self) { try world.original(bytes("k"), large + [1], partition: 0) }
        var records = try world.read(.clicks)
        #expect(records.count == 5)
        records[1].value = large + [1]
        records[2].topicPartition = TopicPartition(world.topics.name(of: .clicks), 9)
        records[3].topicPartition = TopicPartition("elsewhere", 0)
        try world.setAside(records)
        let outcome = try world.retry()
        #expect(outcome.sent == 2)
        #expect(Set(outcome.refused.map(\.letter.reason.offset)) == [1, 2, 3])
        #expect(outcome.refused.contains { $0.why.contains("50001 bytes") }, "\(outcome.refused)")
        let sent = try world.read(.clicks).dropFirst(5)
        #expect(sent.map { $0.value?.count } == [1, large.count])
        #expect(sent.map { $0.header("dead-letter-retries") } == [bytes("1"), nil])
        #expect(try world.retry().sent == 0)
    }
}

/// Topics of clicks and dead letters that nobody else uses.
private final class LetterWorld: Sendable {
    static let partitions: Int32 = 2
    let broker: TestBroker
    let prefix: String
    let topics: Topics

    /// - Parameter limit: `max.message.bytes` of the clicks.
    init(_ broker: TestBroker, limit: Int? = nil) throws {
        self.broker = broker
        prefix = TestBroker.uniqueName("letters") + "."
        topics = try PipelineTests.topics(prefix: prefix, partitions: Self.partitions)
        try broker.createTopic(
            topics.name(of: .clicks), partitions: Self.partitions,
            configuration: limit.map { ["max.message.bytes": "\($0)"] } ?? [:])
        try broker.createTopic(topics.name(of: .deadLetters), partitions: Self.partitions)
    }

    deinit { try? broker.deleteTopics([.clicks, .deadLetters].map { topics.name(of: $0) }) }

    var topic: DeadLetterTopic { DeadLetterTopic(client: broker.settings, topics: topics) }

    func retry(_ selection: LetterSelection = .init(), limit: Int? = nil) throws -> DeadLetterRetry.Outcome {
        try DeadLetterRetry(topic, groupPrefix: prefix).run(selection, limit: limit)
    }

    func original(_ key: [UInt8]?, _ value: [UInt8]?, _ headers: [Header] = [], partition: Int32) throws {
        try write([
            OutgoingRecord(
                topic: topics.name(of: .clicks), partition: partition, key: key, value: value, headers: headers)
        ])
    }

    /// Sets records aside as a stage does.
    func setAside(_ records: [Record], _ reason: SchemaError.Reason = .syntax, limit: Int = 1 << 20) throws {
        try write(
            records.map { record in
                let letter = DeadLetter.record(record, SchemaError(reason), stage: "session", limit: limit)
                return OutgoingRecord(
                    topic: topics.name(of: .deadLetters), key: letter.key, value: letter.value, headers: letter.headers)
            })
    }

    private func write(_ records: [OutgoingRecord]) throws {
        let producer = try Producer(broker.settings)
        for record in records { try producer.produce(record) }
        try producer.flush()
    }

    /// The topic's committed records, by partition and offset.
    func read(_ name: TopicName) throws -> [Record] {
        var records: [Record] = []
        try TopicReader(broker.settings).readToEnd(topics.places(of: name)) { records.append($0) }
        return records.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
    }
}
