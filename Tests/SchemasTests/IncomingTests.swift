import Schemas
import Testing

private let now: Int64 = 1_714_564_800_000  // 2024-05-01T12:00:00Z

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct IncomingNoteTests {
    private func decode(_ json: String?, key: String? = "n1", type: String? = nil) throws(SchemaError) -> IncomingNote {
        try IncomingNote.decode(
            key: key.map(bytes), value: json.map(bytes), contentType: type.map(bytes), recordTimestamp: now)
    }

    private func note(_ json: String, key: String? = "n1") throws -> ValidNote {
        guard case .upsert(let note) = try decode(json, key: key) else { throw SchemaError(.missing) }
        return note
    }

    @Test func completeNote() throws {
        let note = try note(
            ##"{"id":"n1","title":"T","content":"C","hashtags":[" #hops ","# hops","Hops","","#"],"category":"beer","##
                + #""author":"a","created":"2024-04-30T12:00:00Z","time":"2024-05-01T11:00:00Z"}"#)
        #expect(note.id == bytes("n1"))
        #expect(note.hashtags == ["hops", "Hops"])
        #expect(note.created == now - 86_400_000)
        #expect(note.time == now - 3_600_000)
    }

    @Test func whatIsLeftOutComesFromTheRecord() throws {
        let bare = try note(#"{"title":"T"}"#)
        #expect(bare.id == bytes("n1"))
        #expect(bare.time == now)
        #expect(bare.created == now)
        #expect(try note(#"{"id":"x","title":"T"}"#, key: nil).id == bytes("x"))
        #expect(try note(#"{"id":"x","title":"T"}"#, key: "").id == bytes("x"))
    }

    @Test func createdIsNeverAfterTime() throws {
        let note = try note(#"{"title":"T","created":"2024-05-01T12:30:00Z","time":"2024-05-01T11:00:00Z"}"#)
        #expect(note.created == note.time)
    }

    @Test func sensibleOddities() throws {
        #expect(try note(#"{"title":"","content":"🍺🍺"}"#).content == "🍺🍺")
        #expect(try note(#"{"title":"🍺"}"#).title == "🍺")
        #expect(try decode(nil) == .tombstone(id: bytes("n1")))
        #expect(try note(#"{"title":"T","time":"2024-05-01T13:00:00Z"}"#).time == now + 3_600_000)
    }

    @Test func idsAreBytes() throws {
        // The same é, composed and not: different ids.
        let error = #expect(throws: SchemaError.self) { try decode(#"{"id":"e\u0301","title":"T"}"#, key: "é") }
        #expect(error?.reason == .keyMismatch)
    }

    @Test func contentTypes() throws {
        for type in ["application/json", "Application/JSON; charset=utf-8", nil] {
            #expect(throws: Never.self) { try decode(#"{"title":"T"}"#, type: type) }
        }
        let binary = try Note(title: "T").encode(as: .protobuf)
        let note = try IncomingNote.decode(
            key: bytes("n1"), value: binary, contentType: bytes("application/x-protobuf"), recordTimestamp: now)
        #expect(try note == decode(#"{"title":"T"}"#))
        for type in ["text/plain", "", "application/avro", "application/jsonx"] {
            let error = #expect(throws: SchemaError.self) { try decode(#"{"title":"T"}"#, type: type) }
            #expect(error?.reason == .unknownContentType)
            #expect(error?.field == "content-type")
        }
    }

    @Test(
        arguments: [
            (#"{"title":"T"}"#, nil, SchemaError.Reason.missing, "id"),
            (nil, nil, .missing, "key"),
            (nil, "", .missing, "key"),
            (#"{"id":"a","title":"T"}"#, "b", .keyMismatch, "id"),
            (#"{}"#, "n1", .missing, "title"),
            (#"{"title":" \n\u00a0"}"#, "n1", .missing, "title"),
            (#"{"title":"T","time":"2024-05-01T13:00:00.001Z"}"#, "n1", .timeTooLate, "time"),
            (#"{"title":"T","time":"1999-12-31T23:59:59Z"}"#, "n1", .timeTooEarly, "time"),
            (#"{"title":"T","created":"9999-01-01T00:00:00Z"}"#, "n1", .timeTooLate, "created"),
            (#"{"title":"T","created":"0001-01-01T00:00:00Z"}"#, "n1", .timeTooEarly, "created"),
            ("{\"title\":\"\(String(repeating: "x", count: 65_537))\"}", "n1", .tooLong, "title"),
            ("{\"title\":\"T\",\"content\":\"\(String(repeating: "x", count: 65_537))\"}", "n1", .tooLong, "content"),
            ("{\"id\":\"\(String(repeating: "x", count: 513))\",\"title\":\"T\"}", nil, .tooLong, "id"),
            (#"{"title":"T"}"#, String(repeating: "x", count: 513), .tooLong, "key"),
            (
                "{\"title\":\"T\",\"hashtags\":[\(Array(repeating: "\"a\"", count: 65).joined(separator: ","))]}", "n1",
                .tooMany, "hashtags"
            ),
            (
                "{\"title\":\"T\",\"hashtags\":[\"a\",\"\(String(repeating: "x", count: 513))\"]}", "n1", .tooLong,
                "hashtags[1]"
            ),
            ("{\"title\":\"\(String(repeating: "x", count: 10_000_000))\"}", "n1", .tooLong, ""),
            ("hello", "n1", .syntax, ""),
            ("", "n1", .truncated, ""),
        ] as [(String?, String?, SchemaError.Reason, String)])
    func refuses(_ json: String?, _ key: String?, _ reason: SchemaError.Reason, _ field: String) {
        let error = #expect(throws: SchemaError.self) { try decode(json, key: key) }
        #expect(error?.reason == reason, "\(String(describing: error))")
        #expect(error?.field == field, "\(String(describing: error))")
    }

    @Test func limitsThemselvesAreAllowed() throws {
        let id = String(repeating: "x", count: 512), text = String(repeating: "x", count: 65_536)
        #expect(try note("{\"id\":\"\(id)\",\"title\":\"\(text)\",\"content\":\"\(text)\"}", key: nil).id.count == 512)
    }

    @Test func keysMustBeUTF8() {
        let error = #expect(throws: SchemaError.self) {
            try IncomingNote.decode(key: [0xFF], value: nil, contentType: nil, recordTimestamp: now)
        }
        #expect(error?.reason == .invalidUTF8)
        #expect(error?.field == "key")
    }

    @Test func aRecordWithoutTimestampIsRefused() {
        let error = #expect(throws: SchemaError.self) {
            try IncomingNote.decode(
                key: bytes("a"), value: bytes(#"{"title":"T"}"#), contentType: nil, recordTimestamp: nil)
        }
        #expect(error?.field == "timestamp")
    }

    /// Brokers may be told to take any.
    @Test func aRecordsTimestampMayBeAnything() throws {
        func decode(_ json: String, at timestamp: Int64) throws(SchemaError) -> IncomingNote {
            try IncomingNote.decode(
                key: bytes("a"), value: bytes(json), contentType: nil, recordTimestamp: timestamp)
        }
        for timestamp: Int64 in [.max, .max - 3_600_000, EventLimits.latestTime + 1] {
            let error = #expect(throws: SchemaError.self) { try decode(#"{"title":"T"}"#, at: timestamp) }
            #expect(error?.reason == .timeTooLate && error?.field == "time")
            _ = try decode(#"{"title":"T","time":"2024-05-01T13:00:00Z"}"#, at: timestamp)
        }
        for timestamp: Int64 in [.min, -1] {
            let error = #expect(throws: SchemaError.self) { try decode(#"{"title":"T"}"#, at: timestamp) }
            #expect(error?.field == "timestamp")
        }
    }
}

@Suite struct IncomingClickTests {
    private func decode(_ json: String?, key: String? = nil) throws(SchemaError) -> IncomingClick {
        try IncomingClick.decode(key: key.map(bytes), value: json.map(bytes), contentType: nil, recordTimestamp: now)
    }

    @Test func clicksTicksAndForgetting() throws {
        let time = #""time":"2024-05-01T11:00:00Z""#
        let click = IncomingClick.click(user: bytes("u"), note: bytes("n"), time: now - 3_600_000)
        #expect(try decode("{\"user\":\"u\",\"note\":\"n\",\(time)}", key: "u") == click)
        #expect(try decode("{\"user\":\"u\",\"note\":\"n\",\(time)}") == click)
        #expect(try decode("{\"note\":\"n\",\"kind\":\"like\",\(time)}", key: "u") == click)
        #expect(try decode(#"{"note":"n"}"#, key: "u") == .click(user: bytes("u"), note: bytes("n"), time: now))
        #expect(try decode("{\(time)}") == .tick(time: now - 3_600_000))
        #expect(try decode("{\(time)}", key: "") == .tick(time: now - 3_600_000))
        #expect(try decode(nil, key: "u") == .forget(user: bytes("u")))
    }

    @Test(
        arguments: [
            (#"{}"#, nil, SchemaError.Reason.missing, "time"),
            (#"{"other":1}"#, nil, .missing, "time"),
            (#"{"time":"2024-05-01T11:00:00Z"}"#, "u", .missing, "note"),
            (#"{"user":"u"}"#, nil, .missing, "note"),
            (#"{"note":"n"}"#, nil, .missing, "user"),
            (#"{"user":"u","note":"n"}"#, "v", .keyMismatch, "user"),
            (#"{"user":"u","note":"n","time":"2030-01-01T00:00:00Z"}"#, nil, .timeTooLate, "time"),
            (#"{"time":"2030-01-01T00:00:00Z"}"#, nil, .timeTooLate, "time"),
            (nil, nil, .missing, "key"),
        ] as [(String?, String?, SchemaError.Reason, String)])
    func refuses(_ json: String?, _ key: String?, _ reason: SchemaError.Reason, _ field: String) {
        let error = #expect(throws: SchemaError.self) { try decode(json, key: key) }
        #expect(error?.reason == reason, "\(String(describing: error))")
        #expect(error?.field == field, "\(String(describing: error))")
    }
}

@Suite struct IncomingInternalTests {
    private let time = Timestamp(milliseconds: now)

    @Test func pairDeltas() throws {
        let delta = PairDelta(
            source: "a", bucket: 3, targets: [TargetDelta(note: "b", delta: -7, users: -2)], time: time)
        let read = try IncomingPairDelta.decode(key: bytes("a"), value: delta.encode(as: .json), contentType: nil)
        guard case .pairs(bytes("a"), 3, let targets, now) = read else { return #expect(Bool(false), "\(read)") }
        #expect(targets.map(\.note) == [bytes("b")])
        #expect(targets.map(\.score) == [-7] && targets.map(\.users) == [-2])
        let announcement = try IncomingPairDelta.decode(
            key: nil, value: PairDelta(time: time).encode(as: .protobuf),
            contentType: ContentType.protobuf.headerValue)
        guard case .announcement(now) = announcement else { return #expect(Bool(false), "\(announcement)") }
        let nameless = PairDelta(source: "a", targets: [TargetDelta(note: "b"), TargetDelta()], time: time)
        let error = #expect(throws: SchemaError.self) {
            try IncomingPairDelta.decode(key: nil, value: nameless.encode(as: .json), contentType: nil)
        }
        #expect(error?.field == "targets[1].note")
        #expect(throws: SchemaError.self) { try IncomingPairDelta.decode(key: nil, value: nil, contentType: nil) }
        #expect(throws: SchemaError.self) {
            try IncomingPairDelta.decode(key: nil, value: bytes("{}"), contentType: nil)
        }
    }

    @Test func activityDeltas() throws {
        let delta = ActivityDelta(note: "a", hour: 5, delta: -1, time: time)
        #expect(
            try IncomingActivityDelta.decode(key: nil, value: delta.encode(as: .json), contentType: nil)
                == .clicks(note: bytes("a"), hour: 5, delta: -1, streamTime: now))
        #expect(
            try IncomingActivityDelta.decode(
                key: nil, value: ActivityDelta(time: time).encode(as: .json), contentType: nil)
                == .announcement(streamTime: now))
        for extreme in [Int64.max, .min, (1 << 40) + 1, -(1 << 40) - 1] {
            let delta = ActivityDelta(note: "a", hour: 5, delta: extreme, time: time)
            let error = #expect(throws: SchemaError.self) {
                try IncomingActivityDelta.decode(key: nil, value: delta.encode(as: .json), contentType: nil)
            }
            #expect(error?.field == "delta")
        }
    }

    @Test func profiles() throws {
        let profile = NoteProfile(note: "a@b", version: "v1", time: time, embedding: [1])
        let key = ProfileKey(note: bytes("a@b"), version: bytes("v1"))
        #expect(key.bytes == bytes("a@b@v1"))
        #expect(
            try IncomingProfile.decode(key: key.bytes, value: profile.encode(as: .json), contentType: nil)
                == .profile(key, profile))
        #expect(try IncomingProfile.decode(key: key.bytes, value: nil, contentType: nil) == .tombstone(key))
        let other = ProfileKey(note: bytes("c"), version: bytes("v1"))
        #expect(throws: SchemaError.self) {
            try IncomingProfile.decode(key: other.bytes, value: profile.encode(as: .json), contentType: nil)
        }
        for bad in ["", "a", "@v", "a@"] { #expect(throws: SchemaError.self) { try ProfileKey(bytes(bad)) } }
    }

    @Test("a marker's key is no note's, whatever the note is called")
    func marker() throws {
        let key = ProfileMarkerKey(version: bytes("v1"), partition: 3)
        #expect(key.bytes == bytes("@v1/3"))
        #expect(ProfileMarkerKey(key.bytes) == key)
        for note in ["@v1/3", "@", "a/3", "@@v1/3"] {
            #expect(ProfileMarkerKey(ProfileKey(note: bytes(note), version: bytes("v1")).bytes) == nil)
        }
        for bad in ["@v1", "@/3", "@v1/", "@v1/-1", "@v1/x", "v1/3", ""] {
            #expect(ProfileMarkerKey(bytes(bad)) == nil)
        }
        let marker = ProfileMarker(version: "v1", partition: 3)
        func decode(_ marker: ProfileMarker?) throws -> IncomingProfile {
            try IncomingProfile.decode(key: key.bytes, value: marker?.encode(as: .json), contentType: nil)
        }
        #expect(try decode(marker) == .marker(key, holds: true))
        #expect(try decode(nil) == .marker(key, holds: false))
        #expect(throws: SchemaError.self) { try decode(ProfileMarker(version: "v2", partition: 3)) }
        #expect(throws: SchemaError.self) { try decode(ProfileMarker(version: "v1", partition: 4)) }
    }

    @Test func lists() throws {
        let list = RecommendationList(note: "a", items: [RecommendedNote(note: "b", score: 1)])
        #expect(
            try IncomingRecommendations.decode(key: bytes("a"), value: list.encode(as: .json), contentType: nil)
                == .list(note: bytes("a"), list))
        #expect(
            try IncomingRecommendations.decode(key: bytes("a"), value: nil, contentType: nil)
                == .tombstone(note: bytes("a")))
    }

    @Test func modelUpdateKeys() throws {
        for key in [ModelUpdateKey.manifest(version: "ab"), .chunk(version: "ab", index: 7), .serving] {
            #expect(try ModelUpdateKey(key.bytes) == key)
        }
        #expect(ModelUpdateKey.chunk(version: "ab", index: 7).bytes == bytes("ab/00007"))
        for bad in ["", "ab", "ab/", "/manifest", "ab/7", "ab/+0007", "ab/0000x", "a/b/manifest"] {
            #expect(throws: SchemaError.self) { try ModelUpdateKey(bytes(bad)) }
        }
    }

    @Test func deadLettersTravelAsHeaders() throws {
        let error = #expect(throws: SchemaError.self) { try Note(json: bytes(#"{"hashtags":["a",5]}"#)) }
        let letter = DeadLetter(
            try #require(error), stage: "profile", topic: "notes", partition: 0, offset: 42, recordTimestamp: now)
        #expect(letter.reason == "wrong-type")
        #expect(letter.field == "hashtags[1]")
        #expect(letter.detail.hasSuffix("(byte 17)"))
        let headers = letter.headers
        #expect(headers.map(\.name).contains("dead-letter-partition"))
        #expect(DeadLetter(headers: [(name: "content-type", value: bytes("x"))] + headers) == letter)
        #expect(DeadLetter(headers: [(name: "content-type", value: bytes("x"))]) == nil)
    }

    @Test func reasonsAreDistinctCodes() {
        let codes = SchemaError.Reason.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { $0.allSatisfy { $0 == "-" || $0.isLetter || $0.isNumber } })
    }
}
