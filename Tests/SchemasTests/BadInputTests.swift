import Schemas
import Testing

/// What must not get in, with the field and byte that the error names.
@Suite struct BadInputTests {
    @Test(arguments: [
        (#""#, SchemaError.Reason.truncated, "", 0),
        (#"  "#, .truncated, "", 2),
        (#"null"#, .wrongType, "", 0),
        (#"[]"#, .wrongType, "", 0),
        (#"{"id":"a"} x"#, .trailingBytes, "", 11),
        (#"{"id":"a"}{}"#, .trailingBytes, "", 10),
        (#"{"id":5}"#, .wrongType, "id", 6),
        (#"{"id":true}"#, .wrongType, "id", 6),
        (#"{"id":["a"]}"#, .wrongType, "id", 6),
        (#"{"id":'a'}"#, .syntax, "id", 6),
        (#"{id:"a"}"#, .syntax, "", 1),
        (#"{"id" "a"}"#, .syntax, "", 6),
        (#"{"id":"a",}"#, .syntax, "", 10),
        (#"{"id":"a" "title":"b"}"#, .syntax, "", 10),
        (#"{,}"#, .syntax, "", 1),
        (#"{"id":"a","id":"b"}"#, .duplicateField, "id", 15),
        (#"{"\u0069d":"a","id":"b"}"#, .duplicateField, "id", 20),
        (#"{"id":"a\x"}"#, .invalidEscape, "id", 8),
        (#"{"id":"\ud800"}"#, .invalidEscape, "id", 7),
        (#"{"id":"\ud800\u0041"}"#, .invalidEscape, "id", 7),
        (#"{"id":"\udc00"}"#, .invalidEscape, "id", 7),
        (#"{"id":"\u12g4"}"#, .invalidEscape, "id", 7),
        ("{\"id\":\"a\nb\"}", .syntax, "id", 8),
        ("{\"id\":\"a\u{0}b\"}", .syntax, "id", 8),
        (#"{"hashtags":"a"}"#, .wrongType, "hashtags", 12),
        (#"{"hashtags":["a",5]}"#, .wrongType, "hashtags[1]", 17),
        (#"{"hashtags":["a",null]}"#, .wrongType, "hashtags[1]", 17),
        (#"{"hashtags":["a",]}"#, .syntax, "hashtags[1]", 17),
        (#"{"hashtags":["a""b"]}"#, .syntax, "hashtags", 16),
        (#"{"time":1714564800}"#, .wrongType, "time", 8),
        (#"{"time":"yesterday"}"#, .invalidTimestamp, "time", 9),
        (#"{"time":"NaN"}"#, .invalidTimestamp, "time", 9),
        (#"{"time":NaN}"#, .syntax, "time", 8),
        (#"{"time":"2024-05-01T12:00:00"}"#, .invalidTimestamp, "time", 9),
        (#"{"other":tru}"#, .syntax, "other", 9),
        (#"{"other":tru"#, .truncated, "other", 9),
        (#"{"other":trux}"#, .syntax, "other", 9),
        (#"{"other":01}"#, .syntax, "", 10),
        (#"{"other":1e999}"#, .invalidNumber, "other", 9),
        (#"{"other":-}"#, .invalidNumber, "other", 10),
        (#"{"other":"\q"}"#, .invalidEscape, "other", 10),
        (#"{"other":{"a":[1,2,{"b":nul}]}}"#, .syntax, "other", 24),
        (#"{"id":"a"/**/}"#, .syntax, "", 9),
        ("\u{FEFF}{}", .syntax, "", 0),
        (#"{"other":"# + String(repeating: "[", count: 100_000), .tooDeep, "other", 41),
        (#"{"other":"# + String(repeating: #"{"a":"#, count: 100_000), .tooDeep, "other", 165),
    ])
    func json(_ text: String, _ reason: SchemaError.Reason, _ field: String, _ offset: Int) {
        let error = #expect(throws: SchemaError.self) { try Note(json: Array(text.utf8)) }
        #expect(error?.reason == reason, "\(String(describing: error))")
        #expect(error?.field == field, "\(String(describing: error))")
        #expect(error?.offset == offset, "\(String(describing: error))")
    }

    @Test(
        arguments: [
            ([0x7B, 0x22, 0x69, 0x64, 0x22, 0x3A, 0x22, 0xFF, 0x22, 0x7D], "id"),
            ([0x7B, 0x22, 0x69, 0x64, 0x22, 0x3A, 0x22, 0xC0, 0x80, 0x22, 0x7D], "id"),
            ([0x7B, 0x22, 0x69, 0x64, 0x22, 0x3A, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x7D], "id"),
            ([0x7B, 0x22, 0x69, 0x64, 0x22, 0x3A, 0x22, 0x5C, 0x6E, 0xFF, 0x22, 0x7D], "id"),
            ([0x7B, 0x22, 0x7A, 0x22, 0x3A, 0x22, 0xFF, 0x22, 0x7D], "z"),
            ([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x22, 0x61, 0x22, 0x7D], ""),
        ] as [([UInt8], String)])
    func jsonThatIsNotUTF8(_ bytes: [UInt8], _ field: String) {
        let error = #expect(throws: SchemaError.self) { try Note(json: bytes) }
        #expect(error?.reason == .invalidUTF8)
        #expect(error?.field == field)
    }

    @Test(
        arguments: [
            ([0x0A], SchemaError.Reason.truncated, "id", 1),
            ([0x0A, 0x05, 0x61], .truncated, "id", 2),
            ([0x0A, 0x01, 0xFF], .invalidUTF8, "id", 2),
            ([0x08, 0x01], .wrongType, "id", 1),
            ([0x00, 0x01], .syntax, "", 0),
            ([0x0B], .syntax, "", 0),  // a group
            ([0xFB, 0x07], .syntax, "", 0),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], .invalidNumber, "id", 1),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .truncated, "id", 11),
            ([0x42, 0x02, 0x10, 0x80], .truncated, "time", 4),
            ([0x42, 0x06, 0x10, 0x80, 0x94, 0xEB, 0xDC, 0x03], .invalidTimestamp, "time", 1),  // 10^9 nanoseconds
            ([0x98, 0x06, 0x80], .truncated, "", 3),
            ([0x9D, 0x06, 0x00], .truncated, "", 2),
            ([0x99, 0x06, 0x00], .truncated, "", 2),
        ] as [([UInt8], SchemaError.Reason, String, Int)])
    func binary(_ bytes: [UInt8], _ reason: SchemaError.Reason, _ field: String, _ offset: Int) {
        let error = #expect(throws: SchemaError.self) { try Note(protobuf: bytes) }
        #expect(error?.reason == reason, "\(String(describing: error))")
        #expect(error?.field == field, "\(String(describing: error))")
        #expect(error?.offset == offset, "\(String(describing: error))")
    }

    @Test func binaryNumbersMustBeFinite() {
        let nan: [UInt8] = [0x12, 0x0B, 0x0A, 0x00, 0x11, 0, 0, 0, 0, 0, 0, 0xF8, 0x7F]
        let error = #expect(throws: SchemaError.self) {
            try NoteProfile(protobuf: [0x52, 0x0B] + nan.dropFirst(2))
        }
        #expect(error?.reason == .notFinite)
        #expect(error?.field == "hashtags[0].score")
        let infinity = #expect(throws: SchemaError.self) {
            try NoteProfile(protobuf: [0x6A, 0x08, 0, 0, 0, 0, 0, 0, 0x80, 0x7F])
        }
        #expect(infinity?.field == "embedding[1]")
        #expect(throws: SchemaError.self) { try NoteProfile(protobuf: [0x6A, 0x03, 0, 0, 0]) }
    }

    @Test func nestedErrorsNameTheirPath() {
        let error = #expect(throws: SchemaError.self) {
            try RecommendationList(json: Array(#"{"items":[{"note":"a"},{"note":"b","score":"x"}]}"#.utf8))
        }
        #expect(error?.field == "items[1].score")
        #expect(error?.offset == 44)
        #expect(error?.description.contains("'items[1].score' is refused at byte 44 (invalid-number)") == true)
    }

    @Test func acceptsWhatTheMappingAllows() throws {
        let note = try Note(
            json: Array(
                #" { "unknown" : {"a":[1,-2.5e3,true,false,null,"é\n"]}, "id":null , "title":"\u00e9\ud83c\udf7a\/","hashtags":[ ] ,"created":null}"#
                    .utf8))
        #expect(note == Note(title: "é🍺/"))
        let camel = try NoteProfile(
            json: Array(#"{"contentHash":"a","authorHashtags":["b"],"categoryScore":"1.5"}"#.utf8))
        let snake = try NoteProfile(
            json: Array(#"{"content_hash":"a","author_hashtags":["b"],"category_score":1.5}"#.utf8))
        #expect(camel == snake)
        #expect(camel.categoryScore == 1.5)
        #expect(throws: SchemaError.self) {
            try NoteProfile(json: Array(#"{"contentHash":"a","content_hash":"a"}"#.utf8))
        }
    }

    @Test func binaryTakesUnpackedFloatsAndLastOfTwo() throws {
        let unpacked: [UInt8] = [0x6D, 0, 0, 0x80, 0x3F, 0x6A, 0x04, 0, 0, 0, 0x40, 0x0A, 0x01, 0x61, 0x0A, 0x01, 0x62]
        let profile = try NoteProfile(protobuf: unpacked)
        #expect(profile.embedding == [1, 2])
        #expect(profile.note == "b")
        // A timestamp in two pieces: seconds, then nanoseconds.
        #expect(
            try Note(protobuf: [0x42, 0x02, 0x08, 0x05, 0x42, 0x02, 0x10, 0x07]).time
                == Timestamp(seconds: 5, nanoseconds: 7))
    }
}
