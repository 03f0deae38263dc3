import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Synchronization
import Testing

/// What is decided about dead letters without a broker.
@Suite("Dead letters")
struct DeadLetterTests {
    /// A letter as a stage writes it, and as it is read from the topic.
    static func record(
        _ place: (Int32, Int64), of origin: (topic: String, partition: Int32, offset: Int64) = ("clicks", 1, 5),
        _ reason: SchemaError.Reason = .syntax, stage: String = "session", at time: Int64 = newYear,
        value: [UInt8]? = bytes("v"), headers: [Header] = [], originTime: Int64? = newYear
    ) -> Record {
        let original = Record(
            topicPartition: TopicPartition(origin.topic, origin.partition), offset: origin.offset,
            timestamp: originTime, key: bytes("k"), value: value, headers: headers)
        let letter = DeadLetter.record(
            original, SchemaError(reason, field: "f"), stage: stage, limit: 1 << 20)
        return Record(
            topicPartition: TopicPartition("dead-letters", place.0), offset: place.1, timestamp: time,
            key: letter.key, value: letter.value, headers: letter.headers)
    }

    @Test(
        "all of the original comes back: key, bytes, headers with their order, doubles and nulls; and why, and where from"
    )
    func complete() throws {
        let headers = [
            Header("content-type", "application/json"), Header("trace", [0xFF, 0]), Header("trace", nil),
            Header("", []), Header("trace", "again"),
        ]
        let letter = try #require(
            Letter(Self.record((2, 17), .wrongType, value: [0, 1, 0xFF], headers: headers), keeping: 10))
        #expect(letter.headers == headers)
        #expect(letter.key == bytes("k"))
        #expect(letter.valueStart == [0, 1, 0xFF])
        #expect(letter.position == LetterPosition(partition: 2, offset: 17))
        #expect(letter.reason.reason == "wrong-type")
        #expect(letter.reason.field == "f")
        #expect(letter.reason.stage == "session")
        #expect(letter.origin.topic == "clicks")
        #expect(letter.origin.partition == 1)
        #expect(letter.origin.offset == 5)
        #expect(letter.origin.time == Timestamp(milliseconds: newYear))
        #expect(letter.reason.retries == 0)
    }

    @Test("a record without a timestamp has none in its letter")
    func timeless() throws {
        let letter = try #require(Letter(Self.record((0, 0), originTime: nil), keeping: 0))
        #expect(letter.origin.time == nil)
    }

    @Test("of an earlier letter's headers only the count of retries stays")
    func setAsideAgain() throws {
        let before = [
            Header("own", "x"), Header("dead-letter-field", "of another time"), Header("dead-letter-retries", "3"),
        ]
        let record = Self.record((0, 0), headers: before)
        let letter = try #require(Letter(record, keeping: 0))
        #expect(letter.headers == [Header("own", "x")])
        #expect(letter.reason.retries == 3)
        #expect(letter.reason.field == "f")
        #expect(record.headers.count { $0.name == "dead-letter-retries" } == 1)
        for odd in ["-1", "many", "99999999999", ""] {
            let letter = Letter(Self.record((0, 0), headers: [Header("dead-letter-retries", odd)]), keeping: 0)
            #expect(letter?.reason.retries == 0)
        }
    }

    @Test func positions() {
        #expect(LetterPosition("2@17") == LetterPosition(partition: 2, offset: 17))
        #expect(LetterPosition(partition: 2, offset: 17).description == "2@17")
        for bad in ["", "2", "2@", "@17", "2@17@1", "-1@5", "1@-5", "x@y", "2 @17"] {
            #expect(LetterPosition(bad) == nil, "\(bad)")
        }
    }

    @Test("each filter admits its own, and all of them together what each admits")
    func selection() throws {
        let letter = try #require(Letter(Self.record((2, 17), .missing, at: newYear + 5_000), keeping: 0))
        #expect(LetterSelection().admits(letter))
        var fitting = LetterSelection()
        fitting.reason = "missing"
        fitting.stage = "session"
        fitting.topic = "clicks"
        fitting.since = Timestamp(milliseconds: newYear + 5_000)
        fitting.positions = [LetterPosition(partition: 2, offset: 17)]
        #expect(fitting.admits(letter))
        func refused(_ change: (inout LetterSelection) -> Void) -> Bool {
            var selection = fitting
            change(&selection)
            return !selection.admits(letter)
        }
        #expect(refused { $0.reason = "syntax" })
        #expect(refused { $0.stage = "profile" })
        #expect(refused { $0.topic = "notes" })
        #expect(refused { $0.since = Timestamp(milliseconds: newYear + 5_001) })
        #expect(refused { $0.positions = [LetterPosition(partition: 1, offset: 17)] })
    }

    @Test("what is sent again: the oldest first, each record once however many letters it has")
    func waiting() {
        var table = LetterTable(LetterSelection(), keeping: 0)
        table.note(Self.record((0, 0), of: ("clicks", 1, 8), at: newYear + 3))
        table.note(Self.record((0, 1), of: ("clicks", 1, 5), at: newYear + 2))
        table.note(Self.record((1, 0), of: ("clicks", 1, 5), at: newYear + 1))
        table.note(
            Record(topicPartition: TopicPartition("dead-letters", 1), offset: 1, timestamp: 0, key: nil, value: nil))
        table.finish()
        #expect(table.letters.map(\.position.description) == ["1@0", "0@1", "0@0"])
        #expect(table.waiting().map(\.position.description) == ["1@0", "0@0"])
        #expect(table.waiting(limit: 1).map(\.position.description) == ["1@0"])
    }

    @Test("a record sent again waits no more, whichever of its letters was sent; one of a later topic of the name does")
    func marks() {
        func mark(_ partition: Int32, _ offset: Int64, time: String = "2024-01-01T00:00:00Z") -> Record {
            Record(
                topicPartition: TopicPartition("dead-letters", partition), offset: offset, timestamp: newYear, key: nil,
                value: nil,
                headers: [
                    Header("dead-letter-retried", "9@9"), Header("dead-letter-topic", "clicks"),
                    Header("dead-letter-partition", "1"), Header("dead-letter-offset", "5"),
                    Header("dead-letter-time", time),
                ])
        }
        func waiting(_ mark: Record) -> [String] {
            var table = LetterTable(LetterSelection(), keeping: 0)
            table.note(mark)
            table.note(Self.record((0, 0)))
            table.note(Self.record((1, 0)))
            table.note(Self.record((1, 1), of: ("clicks", 1, 6)))
            table.finish()
            return table.waiting().map(\.position.description)
        }
        #expect(waiting(mark(0, 1)) == ["1@1"])
        #expect(waiting(mark(0, 1, time: "2023-01-01T00:00:00Z")) == ["0@0", "1@1"])
    }

    @Test(
        "nothing that steers a terminal is printed as it is",
        arguments: [
            ("plain é🍺", "plain é🍺"), ("a\"b\\c", #"a\"b\\c"#), ("a\nb\rc\td", #"a\nb\rc\td"#),
            ("\u{1B}[31mred", #"\u{1B}[31mred"#), ("\u{7F}\u{0}\u{9B}", #"\u{7F}\u{0}\u{9B}"#),
            ("\u{202E}evil\u{200B}\u{2028}", #"\u{202E}evil\u{200B}\u{2028}"#),
        ])
    func escaping(_ raw: String, _ shown: String) {
        #expect(LetterText.escaped(raw) == shown)
    }

    @Test func escapingOfBytes() {
        #expect(LetterText.escaped([0x61, 0xFF, 0xC3, 0xA9, 0xC3][...]) == #"a\xFFé\xC3"#)
        #expect(LetterText.escaped([0xED, 0xA0, 0x80][...]) == #"\xED\xA0\x80"#)
        #expect(LetterText.escaped([][...]) == "")
        #expect(LetterText.quoted(nil, nil, 5) == "none")
        #expect(LetterText.quoted([], 0, 5) == "\"\"")
        #expect(LetterText.quoted(bytes("abcdef"), 6, 6) == "\"abcdef\"")
        #expect(LetterText.quoted(bytes("abcdef"), 6, 5) == "\"abcde\"… (6 bytes)")
        #expect(LetterText.quoted(bytes("abcdé"), 6, 5) == "\"abcd\"… (6 bytes)", "no half of a letter")
        #expect(LetterText.quoted(bytes("abc"), 900, 5) == "\"abc\"… (900 bytes)")
    }

    @Test("any bytes give one line, and JSON that holds what is not cut off", arguments: 1...200 as ClosedRange<UInt64>)
    func anyBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = (0..<Int.random(in: 0...80, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let letter = try #require(Letter(Self.record((0, 1), value: value), keeping: 40))
        let line = LetterText.line(letter, bytes: 40)
        let isPlain = line.unicodeScalars.allSatisfy { scalar in
            ![.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
        }
        #expect(isPlain, "\(line)")
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(LetterText.json(letter).utf8)) as? [String: Any])
        let shown =
            (json["value"] as? String).map { Array($0.utf8) }
            ?? (json["valueBase64"] as? String).flatMap { Data(base64Encoded: $0) }.map { Array($0) }
        #expect(shown == letter.valueStart)
        #expect(json["valueBytes"] as? Int == value.count)
        #expect(json["valueIsCut"] as? Bool == (value.count > (letter.valueStart?.count ?? 0)))
    }

    @Test("a line has when, where, from where, stage, reason, key, value and what became of it")
    func line() throws {
        var letter = try #require(
            Letter(Self.record((2, 17), headers: [Header("dead-letter-retries", "2")]), keeping: 10))
        letter.isRetried = true
        #expect(
            LetterText.line(letter, bytes: 10)
                == #"2024-01-01T00:00:00Z  2@17  clicks/1@5  session  syntax at f  key="k"  value="v"  retries=2  (sent again)"#
        )
    }
}

/// Which of many records set aside are told of.
@Suite("Lines for records set aside")
struct SetAsideLinesTests {
    private let start = ContinuousClock.now

    @Test("the first five, then one a second with what was left out by reason; afterwards the rest")
    func flood() {
        var lines = SetAsideLines()
        for _ in 0..<5 { #expect(lines.admit(.syntax, at: start) == [:]) }
        for _ in 0..<700 { #expect(lines.admit(.syntax, at: start + .milliseconds(400)) == nil) }
        for _ in 0..<30 { #expect(lines.admit(.missing, at: start + .milliseconds(900)) == nil) }
        #expect(lines.overdue(at: start + .milliseconds(900)) == nil)
        #expect(lines.admit(.tooLong, at: start + .milliseconds(1_000)) == [.syntax: 700, .missing: 30])
        #expect(lines.admit(.tooLong, at: start + .milliseconds(1_001)) == nil)
        #expect(lines.overdue(at: start + .milliseconds(2_000)) == [.tooLong: 1])
        #expect(lines.overdue(at: start + .milliseconds(9_000)) == nil, "nothing is left to tell")
        #expect(lines.admit(.tooLong, at: start + .milliseconds(9_000)) == [:])
    }

    @Test("what is told adds up to what was set aside, in few lines", arguments: 1...20 as ClosedRange<UInt64>)
    func nothingUntold(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lines = SetAsideLines()
        var told = 0
        var written = 0
        var now = start
        func tell(_ counts: [SchemaError.Reason: Int]?, own: Int) {
            guard let counts else { return }
            told += own + counts.values.reduce(0, +)
            written += 1
        }
        for _ in 0..<5_000 {
            now += .milliseconds(Int.random(in: 0...8, using: &random))
            tell(lines.admit(SchemaError.Reason.allCases.randomElement(using: &random) ?? .syntax, at: now), own: 1)
            if Bool.random(using: &random) { tell(lines.overdue(at: now), own: 0) }
        }
        tell(lines.rest(), own: 0)
        #expect(told == 5_000)
        #expect(Double(written) <= 5 + (now - start) / .seconds(1) + 1)
        #expect(lines.rest() == nil)
    }

    @Test func text() {
        #expect(
            SetAsideLines.text([.syntax: 34, .truncated: 1_200, .missing: 34])
                == "truncated 1200, missing 34, syntax 34")
    }
}
