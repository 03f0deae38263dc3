import CoOccurrence
import EventLog
import Pipeline
import Schemas
import StateStore
import Support
import Testing

@Suite("Session stage")
struct SessionStageTests {
    static let partitions: Int32 = 2

    /// A log of clicks, ticks and forgetting, per clicks partition; late clicks among them, and long enough for buckets to
    /// leave. A last tick settles everyone.
    static func log(_ random: inout SeededGenerator) throws -> [[Record]] {
        var log: [[Record]] = [[], []]
        var time = newYear
        func add(_ partition: Int32, key: [UInt8]?, _ value: Click?) throws {
            log[Int(partition)].append(
                Record(
                    topicPartition: TopicPartition("clicks", partition), offset: Int64(log[Int(partition)].count),
                    timestamp: time, key: key, value: try value?.encode(as: .json)))
        }
        for _ in 0..<250 {
            time += Int64.random(in: 0...hour, using: &random)
            let user = bytes("u\(Int.random(in: 0..<7, using: &random))")
            let partition = Partitioner.partition(for: user, count: partitions)
            switch Int.random(in: 0..<30, using: &random) {
            case 0: try add(partition, key: user, nil)
            case 1: try add(partition, key: nil, Click(time: Timestamp(milliseconds: time)))
            default:
                let when = time - (Bool.random(using: &random) ? 0 : Int64.random(in: 0...(3 * hour), using: &random))
                let note = "n\(Int.random(in: 0..<9, using: &random))"
                try add(
                    partition, key: user,
                    Click(user: text(user), note: note, time: Timestamp(milliseconds: when)))
            }
        }
        time += 2 * hour
        for partition in 0..<partitions { try add(partition, key: nil, Click(time: Timestamp(milliseconds: time))) }
        return log
    }

    /// Runs a log through a stage in batches of random size, timers in slices of random size.
    static func run(
        _ log: [[Record]], _ settings: WindowSettings, _ random: inout SeededGenerator, silentUntil: [Int] = [0, 0]
    ) throws -> [OutgoingRecord] {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path + "/store", families: SessionStage.families)
        let stage = SessionStage(settings: settings)
        let topics = try topics(partitions: partitions)
        var next = [0, 0]
        var outputs: [OutgoingRecord] = []
        while next != log.map(\.count) {
            let batch = StageBatch(changes: store.makeBatch(), topics: topics)
            var timers = Int.random(in: 1...8, using: &random)
            batching: for _ in 0..<Int.random(in: 1...20, using: &random) {
                let partition = Int.random(in: 0...1, using: &random)
                guard next[partition] < log[partition].count else { continue }
                batch.isSilent = next[partition] < silentUntil[partition]
                let input = try stage.decode(log[partition][next[partition]])
                while true {
                    guard timers > 0 else { break batching }
                    let progress = try stage.runTimers(before: input, of: Int32(partition), limit: timers, in: batch)
                    timers -= progress.isFinished ? progress.run : timers
                    if progress.isFinished { break }
                }
                try stage.process(input, of: Int32(partition), in: batch)
                next[partition] += 1
            }
            batch.isSilent = false
            try stage.finish(batch)
            try batch.changes.commit()
            outputs += batch.outputs
        }
        return outputs
    }

    @Test("its outputs, applied by the recommend stage, are the batch formula's scores and activity", arguments: 1...12)
    func formula(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let settings = try WindowSettings(windowBuckets: 2, cap: 5)
        let log = try Self.log(&random)
        let outputs = try Self.run(log, settings, &random)
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        var records = outputs.enumerated().map { $1.read(at: Int64($0), partitions: Self.partitions) }[...]
        while !records.isEmpty {
            let count = Int.random(in: 1...50, using: &random)
            try harness.feed(Array(records.prefix(count)))
            records = records.dropFirst(count)
        }

        let stage = SessionStage(settings: settings)
        var pairs: [BatchFormula.Pair: PairSum] = [:]
        var activity: [BatchFormula.NoteHour: Int64] = [:]
        for part in log {
            let events = try part.map { try stage.decode($0) }
            pairs.merge(BatchFormula.pairs(of: events, settings), uniquingKeysWith: +)
            activity.merge(BatchFormula.activity(of: events, settings), uniquingKeysWith: +)
        }
        var found: [BatchFormula.Pair: PairSum] = [:]
        for partition in 0..<Self.partitions {
            try PairRows(partition: partition, settings: settings).forEach(in: harness.store) {
                found[BatchFormula.Pair(source: $0, target: $2, bucket: $1)] = $3
            }
        }
        #expect(!found.isEmpty)
        #expect(found == pairs.filter { $0.value != .zero })
        var hours: [BatchFormula.NoteHour: Int64] = [:]
        try ActivityTable(settings: settings).forEach(in: harness.store) {
            hours[BatchFormula.NoteHour(note: $0, hour: $1)] = $2
        }
        #expect(hours == activity.filter { $0.value != 0 })
    }

    @Test("a silent prefix and the rest say together what one run says", arguments: 1...6)
    func silence(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let settings = try WindowSettings(windowBuckets: 2, cap: 5)
        let log = try Self.log(&random)
        func sums(_ outputs: [OutgoingRecord]) throws -> [String: PairSum] {
            var sums: [String: PairSum] = [:]
            for output in outputs where output.topic == "cooccurrence" {
                let delta = try PairDelta(json: try #require(output.value))
                for target in delta.targets {
                    sums["\(delta.source)>\(target.note)@\(delta.bucket)", default: .zero] += PairSum(
                        score: target.delta, users: Int64(target.users))
                }
            }
            return sums.filter { $0.value != .zero }
        }
        let cut = log.map { Int.random(in: 0...$0.count, using: &random) }
        let whole = try Self.run(log, settings, &random)
        let head = try Self.run(zip(log, cut).map { Array($0.prefix($1)) }, settings, &random)
        let tail = try Self.run(log, settings, &random, silentUntil: cut)
        #expect(try Self.run(log, settings, &random, silentUntil: log.map(\.count)).isEmpty)
        #expect(try sums(head + tail) == sums(whole))
    }

    @Test("a change of bucket is announced to every partition of both topics")
    func announcements() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path + "/store", families: SessionStage.families)
        let stage = SessionStage(settings: try WindowSettings())
        let batch = StageBatch(changes: store.makeBatch(), topics: try topics(partitions: 3))
        for time in [newYear, newYear + day] {
            _ = try stage.runTimers(before: .tick(time: time), of: 0, limit: 9, in: batch)
            try stage.process(.tick(time: time), of: 0, in: batch)
        }
        try stage.finish(batch)
        for topic in ["cooccurrence", "activity"] {
            let sent = batch.outputs.filter { $0.topic == topic }
            #expect(sent.compactMap(\.partition) == [0, 1, 2])
            #expect(sent.allSatisfy { $0.key == nil })
        }
        let first = try #require(batch.outputs.first?.value)
        #expect(try PairDelta(json: first).time?.milliseconds == newYear + day)
    }

    @Test("a row too large for one record is cut; the parts add up")
    func largeRow() throws {
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path + "/store", families: SessionStage.families)
        let stage = SessionStage(settings: try WindowSettings(cap: 4_096))
        let batch = StageBatch(changes: store.makeBatch(), topics: try topics())
        let name = String(repeating: "x", count: 480)
        // One user clicks "first", then 800 notes with long ids; idle, then settled.
        try stage.process(.click(user: bytes("u"), note: bytes("first"), time: newYear), of: 0, in: batch)
        for number in 0..<800 {
            let click = ClickEvent.click(
                user: bytes("u"), note: bytes("\(name)\(number)"), time: newYear + Int64(number + 1))
            while try !stage.runTimers(before: click, of: 0, limit: 1_000, in: batch).isFinished {}
            try stage.process(click, of: 0, in: batch)
        }
        try stage.finish(batch)
        let sent = batch.outputs.filter { $0.topic == "cooccurrence" && $0.key == bytes("first") }
        #expect(sent.count > 1)
        #expect(sent.allSatisfy { ($0.value?.count ?? 0) < 1_000_000 })
        let targets = try sent.flatMap { try PairDelta(json: $0.value ?? []).targets.map(\.note) }
        #expect(targets.count == 800)
        #expect(Set(targets).count == 800)
    }
}
