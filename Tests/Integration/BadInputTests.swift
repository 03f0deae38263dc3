import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Testing

extension IntegrationTests {
    /// Whatever senders send: it is set aside with the reason, or taken sensibly; what comes before and after is processed.
    @Suite("Bad input", .serialized, .timeLimit(.minutes(5)))
    struct BadInputTests {
        @Test("Nothing stops, nothing is lost without a word", arguments: TestBrokers.all)
        func nothingStops(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 24, clicks: 100, days: 5)
            let room = ["max.message.bytes": "\(Offence.limit)"]
            let deployment = try Deployment(broker, "bad", config: [.notes: room, .clicks: room])
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            let parts = try sample.cut(at: [0.5], into: folder)
            try deployment.start()
            try deployment.succeed("publish", "--notes", parts[0].notesPath, "--clicks", parts[0].clicksPath)
            let offences =
                Offence.notes + Offence.clicks + Offence.tiny + [Offence.huge, Offence.largest(deployment.topics)]
            let producer = try Producer(broker.settings)
            for offence in offences + Offence.welcome {
                try producer.produce(offence.record(deployment.topics))
            }
            try producer.flush()
            try deployment.succeed("publish", "--notes", parts[1].notesPath, "--clicks", parts[1].clicksPath)
            try deployment.succeed("publish", "--tick", sample.tick.text)
            try deployment.waitUntilDrained()
            #expect(try deployment.stop().exit == 0)

            try compareLetters(deployment, offences)
            let outcome = try Outcome(deployment)
            let welcome = Offence.welcome.filter { $0.topic == .notes }.compactMap(\.id)
            #expect(Set(outcome.lists.keys) == sample.ids.union(welcome.map { Array($0.utf8) }))
            let version = try #require(outcome.lists.values.first?.version)
            #expect(outcome.profiled(under: version) == Set(outcome.lists.keys))
            for (key, value) in outcome.profiles {
                let profile = try NoteProfile(json: value)
                #expect(profile.embedding.allSatisfy { $0.isFinite }, "\(text(key))")
            }
            compareClicks(outcome, sample)
        }

        /// Good clicks before, between and after all count, those of the accepted oddities included. The log lies within one
        /// window: a note clicked again counts once.
        private func compareClicks(_ outcome: Outcome, _ sample: SampleLog) {
            var expected = sample.clicks.map { [$0.user, $0.note] }
            expected += Offence.welcome.filter { $0.topic == .clicks }.map { _ in
                [Array("odd-user".utf8), Array("note-000001".utf8)]
            }
            #expect(outcome.clicks.values.reduce(0, +) == Int64(Set(expected).count))
        }

        private func compareLetters(_ deployment: Deployment, _ offences: [Offence]) throws {
            var letters: [String: (letter: DeadLetter, record: Record)] = [:]
            let reader = TopicReader(deployment.broker.settings)
            try reader.readToEnd(deployment.topics.places(of: .deadLetters)) { record in
                let letter = try #require(
                    DeadLetter(headers: record.headers.map { ($0.name, $0.value ?? []) }),
                    "no letter: \(record.headers)")
                let name = record.header(Offence.nameHeader).map { text($0) } ?? "none"
                #expect(letters[name] == nil, "\(name) is set aside once")
                letters[name] = (letter, record)
            }
            #expect(Set(letters.keys) == Set(offences.map(\.name)))
            for offence in offences {
                guard let (letter, record) = letters[offence.name] else { continue }
                #expect(letter.reason == offence.reason?.rawValue, "\(offence.name): \(letter)")
                #expect(letter.topic == deployment.topics.name(of: offence.topic))
                #expect(letter.stage == (offence.topic == .notes ? "profile" : "session"))
                #expect(!letter.detail.isEmpty)
                #expect(record.key == offence.key)
                #expect(record.value == offence.value, "\(offence.name): the original's bytes")
                if let type = offence.contentType { #expect(record.header("content-type") == Array(type.utf8)) }
            }
        }
    }
}

/// A record that no sender should send, or that only looks like one.
private struct Offence {
    static let nameHeader = "test-name"

    var name: String
    var topic: TopicName
    var key: [UInt8]?
    var value: [UInt8]?
    var contentType: String?
    /// Why it is set aside; nil where it is taken.
    var reason: SchemaError.Reason?
    /// The note it makes.
    var id: String?

    private init(
        _ name: String, _ topic: TopicName, key: String?, _ value: [UInt8]?, contentType: String? = nil,
        _ reason: SchemaError.Reason?, id: String? = nil
    ) {
        self.name = name
        self.topic = topic
        self.key = key.map { Array($0.utf8) }
        self.value = value
        self.contentType = contentType
        self.reason = reason
        self.id = id
    }

    private static func note(
        _ name: String, key: String = "bad", _ json: String, contentType: String? = nil, _ reason: SchemaError.Reason
    ) -> Offence {
        Offence(name, .notes, key: key, Array(json.utf8), contentType: contentType, reason)
    }

    private static func click(_ name: String, _ json: String, _ reason: SchemaError.Reason) -> Offence {
        Offence(name, .clicks, key: "bad", Array(json.utf8), reason)
    }

    func record(_ topics: Topics) -> OutgoingRecord {
        var headers = [Header(Self.nameHeader, name)]
        if let contentType { headers.append(Header("content-type", contentType)) }
        return OutgoingRecord(topic: topics.name(of: topic), key: key, value: value, headers: headers)
    }

    static let notes = [
        note("not JSON", #"{"title": "a", "#, .truncated),
        note("no JSON at all", "<note>hello</note>", .syntax),
        note("an empty value", "", .truncated),
        note("two objects", #"{"title": "a"} {"title": "b"}"#, .trailingBytes),
        note("a number for a title", #"{"title": 7}"#, .wrongType),
        note("a text for a list", #"{"title": "a", "hashtags": "beer"}"#, .wrongType),
        note("an id nowhere", key: "", #"{"title": "whose note is this?"}"#, .missing),
        note("two ids", key: "one", #"{"id": "other", "title": "a"}"#, .keyMismatch),
        note("nothing to read", #"{"title": " ", "content": ""}"#, .missing),
        note("not a number for a time", #"{"title": "a", "time": NaN}"#, .syntax),
        note("no time", #"{"title": "a", "time": "NaN"}"#, .invalidTimestamp),
        note("before the web", #"{"title": "a", "time": "1970-01-01T00:00:12Z"}"#, .timeTooEarly),
        note("from the future", #"{"title": "a", "time": "2199-01-01T00:00:00Z"}"#, .timeTooLate),
        note("an unknown content type", #"{"title": "a"}"#, contentType: "text/xml", .unknownContentType),
        note("protobuf that is none", #"{"title": "a"}"#, contentType: "application/x-protobuf", .syntax),
        Offence(
            "bytes that are no text", .notes, key: "bad", Array(#"{"title": ""#.utf8) + [0xFF, 0x22, 0x7D], .invalidUTF8
        ),
        note(
            "a book", "{\"title\": \"a\", \"content\": \"" + String(repeating: "word ", count: 14_000) + "\"}", .tooLong
        ),
    ]

    /// 10 MB.
    static let huge = note("ten megabytes", String(repeating: "x", count: 10_000_000), .tooLong)

    /// `max.message.bytes` of the input topics here.
    static let limit = 15 << 20

    /// A record as large as its topic takes, to the byte.
    static func largest(_ topics: Topics) -> Offence {
        var offence = click("as large as can be", "", .tooLong)
        offence.value = [UInt8](repeating: 0x20, count: limit - 200)
        let missing = limit - offence.record(topics).batchBytes
        offence.value?.append(contentsOf: [UInt8](repeating: 0x20, count: missing))
        return offence
    }

    /// As small as can be.
    static let tiny = [
        Offence("one byte", .notes, key: "bad", [0x7B], .truncated),
        Offence("one odd byte", .notes, key: "bad", [0xFF], .syntax),
        Offence("one byte of protobuf", .clicks, key: "bad", [0x0A], contentType: "application/x-protobuf", .truncated),
        Offence("no byte for a click", .clicks, key: "bad", [], .truncated),
        Offence("an empty object for a note", .notes, key: "", Array("{}".utf8), .missing),
        Offence("an empty object for a click", .clicks, key: nil, Array("{}".utf8), .missing),
        // A compacted topic takes no record without a key.
        Offence("nothing but an empty key for a note", .notes, key: "", nil, .missing),
        Offence("nothing at all for a click", .clicks, key: nil, nil, .missing),
        Offence("an empty key and no value", .clicks, key: "", nil, .missing),
        Offence("nothing in protobuf", .notes, key: "", [], contentType: "application/x-protobuf", .missing),
    ]

    static let clicks = [
        click("a click that is not JSON", "click!", .syntax),
        click("a click on nothing", #"{"user": "bad", "time": "2026-01-06T00:00:00Z"}"#, .missing),
        click("a click by another", #"{"user": "good", "note": "n", "time": "2026-01-06T00:00:00Z"}"#, .keyMismatch),
        click("a click in the future", #"{"user": "bad", "note": "n", "time": "2199-01-01T00:00:00Z"}"#, .timeTooLate),
        click(
            "a click before the web", #"{"user": "bad", "note": "n", "time": "1999-12-31T00:00:00Z"}"#, .timeTooEarly),
        click("a click at no time", #"{"user": "bad", "note": "n", "time": NaN}"#, .syntax),
        click("a click that says it twice", #"{"note": "n", "note": "m"}"#, .duplicateField),
    ]

    /// What looks odd and is taken.
    static let welcome: [Offence] = {
        func json(_ id: String, _ json: String) -> Offence {
            Offence(id, .notes, key: id, Array(json.utf8), nil, id: id)
        }
        let time = Timestamp(milliseconds: 1_767_700_000_000)
        let binary = try? Note(id: "odd-binary", title: "Written in another form", time: time).encode(as: .protobuf)
        let click = try? Click(user: "odd-user", note: "note-000001", time: time).encode(as: .protobuf)
        return [
            json("odd-emoji", #"{"title": "🍺🍻🎉", "time": "2026-01-06T12:00:00Z"}"#),
            Offence("x", .notes, key: "x", Array(#"{"title":"y"}"#.utf8), nil, id: "x"),
            Offence(
                "odd-keyless", .notes, key: "", Array(#"{"id": "odd-keyless", "title": "It has no key"}"#.utf8), nil,
                id: "odd-keyless"),
            json("odd-content", #"{"title": "", "content": "It has no title.", "time": "2026-01-06T12:00:00Z"}"#),
            json(
                "odd-fields",
                #"{"title": "Fields of tomorrow", "mood": {"deep": [1, null]}, "time": "2026-01-06T12:00:00Z"}"#),
            Offence(
                "odd-binary", .notes, key: "odd-binary", binary ?? [], contentType: "application/x-protobuf", nil,
                id: "odd-binary"),
            Offence("odd-click", .clicks, key: "odd-user", click ?? [], contentType: "application/x-protobuf", nil),
        ]
    }()
}
