import BrokerSupport
import CoOccurrence
import Configuration
import EventLog
import Foundation
import Fuzzing
import Pipeline
import Schemas
import Support
import Testing

extension IntegrationTests {
    /// A flood of good and bad events through a running service: every good one counts, every bad one is a dead letter that
    /// says where it lay, the log stays short, and the service lives.
    ///
    /// `NOTESTREAM_FUZZ_EVENTS` (2,000) and `NOTESTREAM_FUZZ_SEED` make it longer; `NOTESTREAM_FUZZ_REPORT` names a file
    /// for the figures. `Ops/fuzz` sets them.
    @Suite("Fuzz", .serialized, .timeLimit(.minutes(30)))
    struct FuzzTests {
        @Test("Good events count, bad ones are set aside, nothing stops", arguments: TestBrokers.all)
        func flood(broker: TestBroker) throws {
            let settings = FuzzSettings.fromEnvironment
            var report = FuzzReport(events: settings.events, seed: settings.seed, broker: broker.kind.rawValue)
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 24, clicks: 30)
            let deployment = try Deployment(broker, "fuzz")
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            try deployment.waitUntilReady()

            var flood = Flood(events: settings.events, seed: settings.seed, topics: deployment.topics)
            let start = ContinuousClock.now
            try flood.publish(to: broker)
            do {
                try deployment.waitUntilDrained(timeout: .seconds(900))
                report.seconds = (ContinuousClock.now - start) / .seconds(1)
                try deployment.succeed("publish", "--tick", Timestamp(milliseconds: flood.tick).description)
                try deployment.waitUntilDrained(quiet: .seconds(2), timeout: .seconds(300))
                try report.noteLines(of: deployment)
            } catch {
                report.crashes.append("\(error)")
            }
            if report.crashes.isEmpty, try deployment.stop().exit != 0 { report.crashes.append("it did not end well") }
            let log = try FloodLog(deployment)
            report.compare(log, try Outcome(deployment))
            try report.write()
            #expect(report.crashes.isEmpty, "seed \(settings.seed)")
            #expect(report.goodLost.isEmpty, "seed \(settings.seed): \(report.goodLost.prefix(5))")
            #expect(report.badMissing.isEmpty, "seed \(settings.seed): \(report.badMissing.prefix(5))")
            #expect(report.doubled.isEmpty, "seed \(settings.seed): \(report.doubled.prefix(5))")
            #expect(report.good > settings.events / 3)
            #expect(report.bad > settings.events / 10)
            #expect(report.told == report.bad, "what the log tells of adds up")
            #expect(
                Double(report.lines) <= 3 * (6 + (ContinuousClock.now - start) / .seconds(1)), "the log stays short")
        }
    }
}

/// How much is sent.
private struct FuzzSettings {
    var events: Int
    var seed: UInt64

    static let fromEnvironment: FuzzSettings = {
        let environment = ProcessInfo.processInfo.environment
        return FuzzSettings(
            events: environment["NOTESTREAM_FUZZ_EVENTS"].flatMap { Int($0) } ?? 2_000,
            seed: environment["NOTESTREAM_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999))
    }()
}

/// Seeded records for notes and clicks. Half are clicks as they should be; most others are changed clicks. Notes are few,
/// since the language model reads each good one for tens of milliseconds.
private struct Flood {
    /// Tells a record that was not changed.
    static let unchangedHeader = "fuzz-unchanged"
    /// Good notes, changed or not, at most.
    private let goodNotes: Int

    let tick: Int64
    private let events: Int
    private let topics: Topics
    private let source: EventSource
    private var random: SeededGenerator
    private var notesLeft: Int

    init(events: Int, seed: UInt64, topics: Topics) {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        // Later than all clicks by the idle time, and not too far ahead of its record.
        tick = now + 45 * 60_000
        self.events = events
        self.topics = topics
        goodNotes = min(40, events / 100)
        notesLeft = goodNotes
        // Some thirty clicks a user.
        source = EventSource(now: now, users: events / 30, notes: 60)
        random = SeededGenerator(seed: seed)
    }

    mutating func publish(to broker: TestBroker) throws {
        let producer = try Producer(broker.settings)
        for number in 0..<events {
            // The good notes lie at the front and in between.
            let share = Int.random(in: 0..<100, using: &random)
            let isGoodNote = number < goodNotes / 4 || (share == 0 && notesLeft > goodNotes / 2)
            let record =
                isGoodNote
                ? try note(isChanged: false)
                : share < 50
                    ? try click(isChanged: false) : share < 95 ? try click(isChanged: true) : try note(isChanged: true)
            try producer.produce(record)
        }
        try producer.flush()
    }

    private mutating func note(isChanged: Bool) throws -> OutgoingRecord {
        while true {
            let (event, isUnchanged) = try event(.note, isChanged: isChanged)
            let read = try? IncomingNote.decode(
                key: event.key, value: event.value, contentType: event.contentType, recordTimestamp: source.now)
            if read != nil {
                guard notesLeft > 0 else { continue }
                notesLeft -= 1
            }
            return record(event, .notes, partitionKey: read.map(\.id) ?? event.key, isUnchanged)
        }
    }

    private mutating func click(isChanged: Bool) throws -> OutgoingRecord {
        while true {
            let (event, isUnchanged) = try event(.click, isChanged: isChanged)
            let read = try? IncomingClick.decode(
                key: event.key, value: event.value, contentType: event.contentType, recordTimestamp: source.now)
            // Ahead of the tick, a changed time would leave pairs unsettled.
            if let time = read?.time, time > source.now + 600_000 { continue }
            return record(event, .clicks, partitionKey: read?.user ?? event.key, isUnchanged)
        }
    }

    private mutating func event(_ kind: EventKind, isChanged: Bool) throws -> (FuzzEvent, isUnchanged: Bool) {
        let types = ContentType.allCases
        var event = try source.event(kind, types[Int.random(in: 0..<2, using: &random)], &random)
        guard isChanged else { return (event, true) }
        let other = try source.event(kind, types[Int.random(in: 0..<2, using: &random)], &random)
        var mutation = Mutation.allCases.randomElement(using: &random) ?? .nothing
        // More than a megabyte is more than the topic takes.
        if mutation == .oversize { mutation = .truncation }
        let expectation = mutation.apply(to: &event, other, &random)
        return (event, expectation == .same)
    }

    /// A sender that leaves the key out sends to the partition of the id all the same: a user's clicks lie in one.
    private func record(
        _ event: FuzzEvent, _ topic: TopicName, partitionKey: [UInt8]?, _ isUnchanged: Bool
    ) -> OutgoingRecord {
        var headers = event.contentType.map { [Header(ContentType.headerName, $0)] } ?? []
        if isUnchanged { headers.append(Header(Self.unchangedHeader, "yes")) }
        // A compacted topic takes no record without a key.
        let key = event.key ?? (topic == .notes ? [] : nil)
        return OutgoingRecord(
            topic: topics.name(of: topic),
            partition: Partitioner.partition(for: partitionKey ?? [], count: topics.partitions(of: topic)),
            key: key, value: event.value, headers: headers)
    }
}

extension IncomingNote {
    fileprivate var id: [UInt8] {
        switch self {
        case .upsert(let note): note.id
        case .tombstone(let id): id
        }
    }
}

extension IncomingClick {
    fileprivate var user: [UInt8]? {
        switch self {
        case .click(let user, _, _), .forget(let user): user
        case .tick: nil
        }
    }

    fileprivate var time: Int64? {
        switch self {
        case .click(_, _, let time), .tick(let time): time
        case .forget: nil
        }
    }

    fileprivate var event: ClickEvent {
        switch self {
        case .click(let user, let note, let time): .click(user: user, note: note, time: time)
        case .tick(let time): .tick(time: time)
        case .forget(let user): .forget(user: user)
        }
    }
}

/// What lies on the input topics, read by the decoders in this process, and the dead letters beside it.
private struct FloodLog {
    var clicks: [ClickEvent] = []
    var livingNotes: Set<[UInt8]> = []
    var unreadable: [LetterOrigin: (record: Record, error: SchemaError)] = [:]
    /// Records that no change touched, or none that matters, and which are refused all the same.
    var wrongly: [String] = []
    var good = 0
    var letters: [(letter: Letter, record: Record)] = []

    init(_ deployment: Deployment) throws {
        let reader = TopicReader(deployment.broker.settings)
        let topics = deployment.topics
        try reader.readToEnd(topics.places(of: .clicks)) { record in
            let click = read(record) { () throws(SchemaError) in
                try IncomingClick.decode(
                    key: record.key, value: record.value, contentType: record.header(ContentType.headerName),
                    recordTimestamp: record.timestamp)
            }
            if let click { clicks.append(click.event) }
        }
        try reader.readToEnd(topics.places(of: .notes)) { record in
            let note = read(record) { () throws(SchemaError) in try IncomingNote.decode(record) }
            switch note {
            case .upsert(let note): livingNotes.insert(note.id)
            case .tombstone(let id): livingNotes.remove(id)
            case nil: break
            }
        }
        try reader.readToEnd(topics.places(of: .deadLetters)) { record in
            if let letter = Letter(record, keeping: 0) { letters.append((letter, record)) }
        }
    }

    private mutating func read<Event>(_ record: Record, _ body: () throws(SchemaError) -> Event) -> Event? {
        do throws(SchemaError) {
            let event = try body()
            good += 1
            return event
        } catch {
            let origin = LetterOrigin(
                topic: record.topic, partition: record.partition, offset: record.offset,
                time: record.timestamp.map { Timestamp(milliseconds: $0) })
            unreadable[origin] = (record, error)
            if record.header(Flood.unchangedHeader) != nil {
                wrongly.append("\(record.topicPartition)@\(record.offset): \(error)")
            }
            return nil
        }
    }
}

/// The figures of one run.
private struct FuzzReport {
    var events: Int
    var seed: UInt64
    var broker: String
    var good = 0
    var bad = 0
    var seconds = 0.0
    /// Lines about records set aside, and the records they tell of.
    var lines = 0
    var told = 0
    var goodLost: [String] = []
    var badMissing: [String] = []
    var doubled: [String] = []
    var crashes: [String] = []

    init(events: Int, seed: UInt64, broker: String) {
        self.events = events
        self.seed = seed
        self.broker = broker
    }

    /// What the service's log tells of dead letters.
    mutating func noteLines(of deployment: Deployment) throws {
        let single = try deployment.lines("a record was set aside")
        let others = try deployment.lines("more records were set aside")
        lines = single.count + others.count
        told = single.count
        for line in single + others {
            for part in (line["left_out_before"] ?? "").split(separator: ", ") {
                told += part.split(separator: " ").last.flatMap { Int($0) } ?? 0
            }
        }
    }

    mutating func compare(_ log: FloodLog, _ outcome: Outcome) {
        good = log.good
        bad = log.unreadable.count
        goodLost += log.wrongly
        let time = log.clicks.compactMap(\.time).max() ?? 0
        for pair in differences(outcome.livePairs(at: time), BatchFormula.pairs(of: log.clicks, .standard)) {
            goodLost.append("the sum of \(text(pair.source))→\(text(pair.target)) differs from the batch formula")
        }
        for place in differences(outcome.liveClicks(at: time), BatchFormula.activity(of: log.clicks, .standard)) {
            goodLost.append("the clicks of \(text(place.note)) in hour \(place.hour) differ from the batch formula")
        }
        let lists = Set(outcome.lists.keys)
        let profiled = Set(outcome.profiles.keys.compactMap { try? ProfileKey($0) }.map(\.note))
        for note in log.livingNotes.symmetricDifference(lists).union(log.livingNotes.symmetricDifference(profiled)) {
            goodLost.append(
                "the note \(text(note)) lives: \(log.livingNotes.contains(note)), which it does not downstream")
        }
        compareLetters(log)
    }

    private mutating func compareLetters(_ log: FloodLog) {
        var seen: Set<LetterOrigin> = []
        for (letter, record) in log.letters {
            let place = "\(letter.origin.topic)/\(letter.origin.partition)@\(letter.origin.offset)"
            guard let (original, error) = log.unreadable[letter.origin] else {
                goodLost.append("\(place) is good and was set aside: \(letter.reason)")
                continue
            }
            guard seen.insert(letter.origin).inserted else {
                doubled.append("\(place) was set aside twice")
                continue
            }
            let isWhole =
                record.key == original.key && record.value == original.value && letter.headers == original.headers
            let stage = original.topic.hasSuffix("clicks") ? "session" : "profile"
            if !isWhole || letter.reason.reason != error.reason.rawValue || letter.reason.stage != stage {
                badMissing.append("\(place) is another in its letter: \(letter.reason)")
            }
        }
        for (origin, bad) in log.unreadable where !seen.contains(origin) {
            badMissing.append("\(origin.topic)/\(origin.partition)@\(origin.offset) has no letter: \(bad.error)")
        }
    }

    func write() throws {
        for line in (crashes + goodLost + badMissing + doubled).prefix(20) { print(line) }
        guard let path = ProcessInfo.processInfo.environment["NOTESTREAM_FUZZ_REPORT"] else { return }
        let line =
            #"{"broker_events": \#(events), "good": \#(good), "bad": \#(bad), "good_lost": \#(goodLost.count), "#
            + #""bad_missing": \#(badMissing.count), "doubled": \#(doubled.count), "crashes": \#(crashes.count), "#
            + #""log_lines": \#(lines), "seconds": \#(String(format: "%.1f", seconds)), "broker": "\#(broker)", "seed": \#(seed)}"#
        try (line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
}
