import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import StateStore
import Support
import Synchronization
import Testing

/// A log of words on a real broker, and instances of the counting stage over it.
final class CountingWorld {
    let broker: TestBroker
    let topics: Topics
    private let prefix: String
    private let folder: TemporaryFolder
    private let writer: Producer
    private(set) var written: [Int32: [String]] = [:]
    static let partitions: Int32 = 2

    init(_ broker: TestBroker) throws {
        self.broker = broker
        prefix = TestBroker.uniqueName("count") + "."
        topics = try PipelineTests.topics(prefix: prefix, partitions: Self.partitions)
        folder = try TemporaryFolder()
        writer = try Producer(broker.settings)
        for topic in Self.used {
            try broker.createTopic(topics.name(of: topic), partitions: Self.partitions)
        }
    }

    deinit { try? broker.deleteTopics(Self.used.map { topics.name(of: $0) }) }

    private static let used: [TopicName] = [.clicks, .activity, .deadLetters, .noteProfiles, .noteRecommendations]

    /// Sets keys of the global table to a number.
    func writeTable(_ keys: Int, _ number: Int) throws {
        for key in 0..<keys {
            try writer.produce(
                OutgoingRecord(
                    topic: topics.name(of: .noteProfiles), key: bytes("k\(key)"), value: bytes("\(number)")))
        }
        try writer.flush()
    }

    /// Starts an instance that keeps the global table.
    func startTable(_ watch: TableWatch, _ instance: String = "a", deleteRetention: Int64 = day) -> RunningStage {
        var environment = environment(instance)
        environment.deleteRetentionMilliseconds = deleteRetention
        return RunningStage(
            StageRunner<TableStage>(environment: environment, directory: directory("table-" + instance)) {
                try TableStage(store: $0, watch: watch)
            })
    }

    func write(_ words: [String], headers: [Header] = []) throws {
        for word in words {
            let partition = Int32(written.values.reduce(0) { $0 + $1.count } % Int(Self.partitions))
            try writer.produce(
                OutgoingRecord(
                    topic: topics.name(of: .clicks), partition: partition, key: bytes("k"), value: bytes(word),
                    headers: headers))
            written[partition, default: []].append(word)
        }
        try writer.flush()
    }

    func environment(_ instance: String = "a") -> StageEnvironment {
        StageEnvironment(
            client: broker.settings, groupPrefix: prefix, instanceID: instance, topics: topics, batchRecords: 7,
            commitInterval: .milliseconds(20), timerSlice: 4, deleteRetentionMilliseconds: day,
            logger: Logger(label: "test", level: .warning))
    }

    func directory(_ instance: String = "a") -> String { folder.path + "/" + instance }

    /// Starts an instance on a thread of its own.
    func start(
        _ instance: String = "a", mark: String = "", told: MarkWatch? = nil, remark: Remark? = nil,
        directory: String? = nil, checkpoints: StoreCheckpoints? = nil,
        crash: (@Sendable (CrashPoint) throws -> Void)? = nil
    ) -> RunningStage {
        var environment = environment(instance)
        environment.checkpoints = checkpoints
        if let crash { environment.atPoint = { try crash($1) } }
        return RunningStage(
            StageRunner<CountingStage>(environment: environment, directory: directory ?? self.directory(instance)) {
                _ in
                CountingStage(mark: mark, told: told, remark: remark)
            })
    }

    /// An instance's life that does so many records.
    func workOff(_ records: Int64) throws {
        let stage = start()
        try stage.drained(records: records)
        try stage.stop()
    }

    func forgetStore(_ instance: String = "a") throws {
        try FileManager.default.removeItem(atPath: directory(instance))
    }

    /// What was said, committed, per partition.
    func said(_ topic: TopicName = .activity) throws -> [Int32: [Record]] {
        var said: [Int32: [Record]] = [:]
        try TopicReader(broker.settings).readToEnd(topics.places(of: topic)) {
            said[$0.partition, default: []].append($0)
        }
        return said
    }

    /// What a run without any accident says, `times` over.
    func expectExactlyOnce(times: Int = 1, _ location: SourceLocation = #_sourceLocation) throws {
        let said = try said().mapValues { $0.map { "\(text($0.key))=\(text($0.value))" } }
        for partition in 0..<Self.partitions {
            var counts: [String: Int] = [:]
            var expected: [String] = []
            for entry in written[partition] ?? [] where entry != "poison" {
                let parts = entry.split(separator: ":")
                let timers = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
                for word in [String](repeating: "timer", count: timers) + [String(parts[0])] {
                    counts[word, default: 0] += 1
                    expected.append("\(word)=\(counts[word, default: 0])")
                }
            }
            let all = Array(repeatElement(expected, count: times).joined())
            #expect(said[partition] ?? [] == all, sourceLocation: location)
        }
    }
}

/// A stage running on its own thread.
final class RunningStage: Sendable {
    let status: StageStatus
    private let stopSignal = StopSignal()
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init<Stage: StreamStage>(_ runner: StageRunner<Stage>) {
        status = runner.status
        let thread = Thread { [self] in
            let result = Result { try runner.run(until: stopSignal) }
            outcome.withLock { $0 = result }
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    var hasEnded: Bool { outcome.withLock { $0 != nil } }

    /// Waits until it has ended.
    func join() throws {
        try waitUntil("the stage to end") { outcome.withLock { $0 != nil } }
        try outcome.withLock { $0 }?.get()
    }

    func stop() throws {
        stopSignal.set()
        try join()
    }

    /// Waits until a number of records is done and nothing is left.
    func drained(records: Int64 = 0) throws {
        try waitUntil("the stage to be drained: \(status.now)") {
            status.now.isDrained && status.now.records >= records
        }
    }
}

struct WaitedTooLong: Error { var what: String }

func waitUntil(_ what: @autoclosure () -> String, _ limit: Duration = .seconds(25), _ condition: () throws -> Bool)
    throws
{
    let end = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < end else { throw WaitedTooLong(what: what()) }
        usleep(10_000)
    }
}

struct Crash: Error {}

/// Throws at the n-th call for one step.
final class CrashPlan: Sendable {
    private let left: Mutex<Int>
    private let step: CrashPoint
    init(_ step: CrashPoint, after count: Int) {
        self.step = step
        left = Mutex(count)
    }
    func callAsFunction(_ now: CrashPoint) throws {
        guard now == step else { return }
        try left.withLock {
            $0 -= 1
            if $0 == 0 { throw Crash() }
        }
    }
}

@Suite(
    "Stages on a broker", .serialized,
    .enabled(if: !TestBrokers.kafka.isEmpty, Comment(rawValue: TestBrokers.missing)), .timeLimit(.minutes(2)))
struct StageRunnerTests {
    static func words(_ count: Int, _ seed: UInt64 = 1) -> [String] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let word = ["tea", "beer", "wine"].randomElement(using: &random) ?? "tea"
            return Int.random(in: 0..<4, using: &random) == 0
                ? "\(word):\(Int.random(in: 1...9, using: &random))" : word
        }
    }

    @Test(
        "crashes at either side of the Kafka commit, a lost store, commits between timers: each count once",
        arguments: TestBrokers.kafka)
    func crashes(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try world.write(Self.words(60))
        for (round, step) in [CrashPoint.afterCommit, .beforeCommit, .afterCommit].enumerated() {
            let plan = CrashPlan(step, after: 2 + round)
            let stage = world.start { try plan($0) }
            #expect(throws: Crash.self) { try stage.join() }
            if round == 1 { try world.forgetStore() }
            try world.write(Self.words(20, UInt64(round + 2)))
        }
        let stage = world.start()
        try stage.drained()
        #expect(stage.status.now.recoveries.keys.contains("behind"))
        try stage.stop()
        try world.expectExactlyOnce()
        // A graceful stop leaves nothing to replay.
        try world.write(Self.words(10, 9))
        let last = world.start()
        try last.drained(records: 10)
        #expect(last.status.now.recoveries == ["equal": 2])
        #expect(last.status.now.replayed == 0)
        try last.stop()
        try world.expectExactlyOnce()
    }

    @Test("a lost store is rebuilt without a word", arguments: TestBrokers.kafka)
    func lostStore(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try world.write(Self.words(40))
        try world.workOff(40)
        try world.forgetStore()
        let second = world.start()
        try second.drained()
        #expect(second.status.now.recoveries == ["missing": 2])
        #expect(second.status.now.replayed == 40)
        try world.write(Self.words(10, 4))
        try second.drained(records: 10)
        try second.stop()
        try world.expectExactlyOnce()
    }

    @Test("a store of another version is thrown away and rebuilt without a word", arguments: TestBrokers.kafka)
    func otherVersion(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try world.write(Self.words(40))
        try world.workOff(40)
        try world.forgetStore()
        try Store(path: world.directory(), families: [ColumnFamily("counts-of-old")]).close()
        let second = world.start()
        try second.drained()
        #expect(second.status.now.recoveries == ["missing": 2])
        #expect(second.status.now.damages == 0)
        try second.stop()
        try world.expectExactlyOnce()
    }

    @Test("two instances: a rebalance while records flow", arguments: TestBrokers.kafka)
    func rebalance(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let first = world.start("a")
        try world.write(Self.words(20))
        try first.drained(records: 20)
        let second = world.start("b")
        var round: UInt64 = 10
        try waitUntil("each to own one: \(first.status.now), \(second.status.now)") {
            try world.write(Self.words(4, round))
            round += 1
            usleep(100)
            return first.status.now.partitions.count == 1 && second.status.now.partitions.count == 1
        }
        try world.write(Self.words(20, 3))
        try second.drained()
        try first.stop()
        // A static member keeps its partition until its session is over; the other then takes it.
        try waitUntil("the other to take over") { second.status.now.partitions.count == 2 }
        try world.write(Self.words(10, 4))
        try second.drained()
        let total = Int64(world.written.values.reduce(0) { $0 + $1.count })
        try waitUntil("all records") { first.status.now.records + second.status.now.records == total }
        try second.stop()
        try world.expectExactlyOnce()
    }

    @Test("poison goes to the dead letters with its origin; the rest goes on", arguments: TestBrokers.kafka)
    func poison(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try world.write(["tea"])
        try world.write(["poison"], headers: [Header("own", "x")])
        try world.write(["tea"])
        let stage = world.start()
        try stage.drained(records: 3)
        #expect(stage.status.now.deadLetters == 1)
        try stage.stop()
        try world.forgetStore()
        let again = world.start()
        try again.drained()
        try again.stop()
        let letters = try world.said(.deadLetters).values.flatMap { $0 }
        #expect(letters.count == 1, "a replay does not set it aside twice")
        let record = try #require(letters.first)
        #expect(text(record.value) == "poison")
        #expect(text(record.key) == "k")
        #expect(record.header("own") == bytes("x"))
        let letter = try #require(DeadLetter(headers: record.headers.map { (name: $0.name, value: $0.value ?? []) }))
        #expect(letter.stage == "count")
        #expect(letter.topic == world.topics.name(of: .clicks))
        #expect(letter.partition == 1)
        #expect(letter.offset == 0)
        try world.expectExactlyOnce()
    }

    @Test("fenced by another producer of its name: a new session goes on", arguments: TestBrokers.kafka)
    func fenced(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let stage = world.start()
        try world.write(Self.words(20))
        try stage.drained(records: 20)
        let rival = try TransactionalProducer(
            broker.settings, transactionalID: world.environment().transactionalID("count"))
        try rival.initTransactions()
        try world.write(Self.words(20, 2))
        try stage.drained(records: 40)
        #expect(stage.status.now.sessions >= 1)
        try stage.stop()
        try world.expectExactlyOnce()
    }

    @Test(
        "a member that the group has given up says nothing more, though its transaction brings no position",
        arguments: TestBrokers.kafka)
    func givenUp(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let group = GroupSettings(groupID: world.environment().groupID("count"), instanceID: "a")
        let clicks = world.topics.name(of: .clicks)
        let remark = Remark()
        let isArmed = Mutex(false)
        let stage = world.start(remark: remark) { point in
            guard point == .beforeOffsets, isArmed.withLock({ $0 }) else { return }
            // The process stands still, and is another's when it wakes: who takes a member's name takes its place.
            let rival = try Consumer(broker.settings, group: group)
            try rival.subscribe(to: [clicks])
            try waitUntil("the rival to own all") {
                _ = try rival.poll(timeout: .milliseconds(50))
                return rival.assignment.count == 2
            }
            try rival.close()
            isArmed.withLock { $0 = false }
        }
        try world.write(Self.words(20))
        try stage.drained(records: 20)
        isArmed.withLock { $0 = true }
        remark.set("a word too many")
        try waitUntil("the transaction") { !isArmed.withLock { $0 } }
        try world.write(Self.words(20, 2))
        try stage.drained(records: 40)
        try stage.stop()
        try world.expectExactlyOnce()
    }

    @Test(
        "a mark is committed with or without records, and told to the next owner; nothing is read again for it",
        arguments: TestBrokers.kafka)
    func mark(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let told = MarkWatch()
        for (mark, before, records) in [("one", "", 0), ("two", "one", 20), ("three", "two", 0), ("three", "three", 0)]
            as [(String, String, Int64)]
        {
            try world.write(Self.words(Int(records)))
            let stage = world.start(mark: mark, told: told)
            try stage.drained(records: records)
            #expect(stage.status.now.records == records)
            try stage.stop()
            #expect(told.now == Dictionary(uniqueKeysWithValues: (0..<CountingWorld.partitions).map { ($0, before) }))
        }
        try world.expectExactlyOnce()
    }

    @Test("an empty topic, and one whose records are all gone: ready at once", arguments: TestBrokers.kafka)
    func nothing(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let first = world.start()
        try first.drained()
        try world.write(Self.words(10))
        try first.drained(records: 10)
        try first.stop()
        try world.forgetStore()
        let places = world.topics.places(of: .clicks)
        try Admin(broker.settings).deleteRecords(before: Dictionary(uniqueKeysWithValues: places.map { ($0, 5) }))
        let second = world.start()
        try second.drained()
        try second.stop()
    }

    @Test("silence ends where the offsets before the committed one hold no record", arguments: TestBrokers.kafka)
    func gap(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        // The log ends with the marks of an aborted transaction.
        try world.write(Self.words(4))
        let other = try TransactionalProducer(broker.settings, transactionalID: TestBroker.uniqueName("other"))
        try other.initTransactions()
        try other.begin()
        for place in world.topics.places(of: .clicks) {
            try other.produce(
                OutgoingRecord(topic: place.topic, partition: place.partition, key: nil, value: bytes("aborted")))
        }
        try other.abort()
        let first = world.start()
        try first.drained(records: 4)
        try first.stop()
        // As if the position had been committed behind the gap: 2 records, the aborted one, the mark.
        let group = GroupSettings(groupID: world.environment().groupID("count"), instanceID: "a")
        let member = try Consumer(broker.settings, group: group)
        try member.subscribe(to: [world.topics.name(of: .clicks)])
        try waitUntil("membership") {
            _ = try member.poll(timeout: .milliseconds(20)); return member.assignment.count == 2
        }
        let producer = try TransactionalProducer(broker.settings, transactionalID: TestBroker.uniqueName("mover"))
        try producer.initTransactions()
        try producer.begin()
        try producer.sendOffsets(
            Dictionary(uniqueKeysWithValues: world.topics.places(of: .clicks).map { ($0, CommittedOffset(offset: 4)) }),
            of: member)
        try producer.commit()
        try member.close()
        let second = world.start()
        try second.drained()
        #expect(second.status.now.isReady)
        try second.stop()
        try world.expectExactlyOnce()
    }

    @Test(
        "a global table under a steady flow: ready all the same, read before anything is said, never a step back",
        arguments: TestBrokers.kafka)
    func globals(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try world.writeTable(5, 1_000)
        let watches = [TableWatch(), TableWatch()]
        var number = 1_000
        func flow() throws {
            number += 1
            try world.writeTable(5, number)
        }
        let first = world.startTable(watches[0], "a")
        try waitUntil("the first to be ready") {
            try flow(); return first.status.now.isReady
        }
        let second = world.startTable(watches[1], "b")
        try waitUntil("both to be ready") {
            try flow()
            return [first, second].allSatisfy { $0.status.now.isReady && $0.status.now.partitions.count == 1 }
        }
        try first.drained()
        try second.drained()
        for watch in watches {
            try waitUntil("the table") {
                watch.now.table == Dictionary(uniqueKeysWithValues: (0..<5).map { ("k\($0)", number) })
            }
            #expect(watch.now.stepsBack == 0)
            #expect(watch.now.atAssignment.allSatisfy { $0 >= 5_000 })
        }
        try first.stop()
        try second.stop()
    }

    @Test(
        "a store unused for too long is rebuilt whole, own outputs read anew; one in use stays",
        arguments: TestBrokers.kafka)
    func stale(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try world.write(Self.words(20))
        try world.writeTable(3, 7)
        let watch = TableWatch()
        let first = world.startTable(watch, deleteRetention: 3_000)
        try first.drained(records: 20)
        // Quiet for longer than half of the retention, but in use.
        usleep(2_000_000)
        try first.stop()
        let second = world.startTable(watch, deleteRetention: 3_000)
        try second.drained()
        #expect(second.status.now.recoveries == ["equal": 2])
        #expect(watch.now.restored == 20)
        try second.stop()
        usleep(2_000_000)
        let third = world.startTable(watch, deleteRetention: 3_000)
        try third.drained()
        #expect(third.status.now.recoveries == ["missing": 2])
        #expect(third.status.now.replayed == 20)
        #expect(watch.now.restored == 40)
        #expect(watch.now.table == ["k0": 7, "k1": 7, "k2": 7])
        try third.stop()
        #expect(try world.said(.noteRecommendations).values.reduce(0) { $0 + $1.count } == 20)
    }

    @Test("a slow instance with a long backlog gives a partition away within seconds", arguments: TestBrokers.kafka)
    func slow(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try world.write([String](repeating: "tea", count: 6_000))
        let first = world.start("a") { if $0 == .beforeCommit { usleep(30_000) } }
        try waitUntil("the first to begin") { first.status.now.records > 0 }
        let second = world.start("b") { if $0 == .beforeCommit { usleep(30_000) } }
        try waitUntil("each to own one: \(first.status.now), \(second.status.now)", .seconds(50)) {
            first.status.now.partitions.count == 1 && second.status.now.partitions.count == 1
        }
        try first.stop()
        try second.stop()
    }
}
