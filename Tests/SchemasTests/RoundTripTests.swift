import Foundation
import Schemas
import Support
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: 0..<randomMessages.count)
    func messagesComeBack(_ type: Int) throws {
        func check<Payload: RandomMessage>(_: Payload.Type) throws {
            var source = SeededGenerator(seed: UInt64(type))
            for _ in 0..<500 {
                let message = Payload.random(&source)
                for contentType in ContentType.allCases {
                    let bytes = try message.encode(as: contentType)
                    let back = try Payload.decode(bytes, contentType: contentType)
                    same(back, message, "\(contentType)")
                    same(try exact(back), try exact(message), "\(contentType)")
                }
            }
        }
        try check(randomMessages[type])
    }

    /// Every prefix is refused or, in binary, where a message happens to end between two fields, read; nothing traps.
    @Test(arguments: 0..<randomMessages.count)
    func truncatedAtEveryByte(_ type: Int) throws {
        func check<Payload: RandomMessage>(_: Payload.Type) throws {
            var source = SeededGenerator(seed: UInt64(100 + type))
            for _ in 0..<6 {
                let message = Payload.random(&source)
                let json = try message.encode(as: .json)
                for count in 0..<json.count {
                    do throws(SchemaError) {
                        _ = try Payload(json: Array(json[..<count]))
                        Issue.record("read: \(String(decoding: json[..<count], as: UTF8.self))")
                    } catch {
                        same((error.offset ?? 0) <= count, true, "\(error)")
                    }
                }
                let binary = try message.encode(as: .protobuf)
                for count in 0..<binary.count { _ = try? Payload(protobuf: Array(binary[..<count])) }
            }
        }
        try check(randomMessages[type])
    }

    /// Changed bytes are refused with a place within the value, or read as something that can be written again.
    @Test(arguments: 0..<randomMessages.count)
    func mutatedBytes(_ type: Int) throws {
        func check<Payload: RandomMessage>(_: Payload.Type) throws {
            var source = SeededGenerator(seed: UInt64(200 + type))
            var refused = 0, read = 0
            for round in 0..<3000 {
                let contentType = ContentType.allCases[round % 2]
                let bytes = mutated(try Payload.random(&source).encode(as: contentType), &source)
                do throws(SchemaError) {
                    let message = try Payload.decode(bytes, contentType: contentType)
                    _ = try message.encode(as: .json)
                    read += 1
                } catch {
                    same((0...bytes.count).contains(error.offset ?? 0), true, "\(error)")
                    same(error.detail.isEmpty, false, "\(error)")
                    refused += 1
                }
            }
            #expect(refused > 500)
            #expect(read > 50)
        }
        try check(randomMessages[type])
    }

    @Test func notFiniteNumbersAreNotWritten() {
        var list = RecommendationList(note: "a", items: [RecommendedNote(note: "b"), RecommendedNote(note: "c")])
        list.items[1].cosine = .nan
        var profile = NoteProfile(note: "a", embedding: [0, 1, .infinity])
        for type in ContentType.allCases {
            #expect(throws: SchemaError.self) { try list.encode(as: type) }
            #expect { try list.encode(as: type) } throws: {
                ($0 as? SchemaError)?.field == "items[1].cosine" && ($0 as? SchemaError)?.reason == .notFinite
            }
            #expect { try profile.encode(as: type) } throws: { ($0 as? SchemaError)?.field == "embedding[2]" }
        }
        profile.embedding = []
        #expect(throws: Never.self) { try profile.encode(as: .json) }
    }

    @Test func jsonIsWhatKcatShows() throws {
        let note = Note(
            id: "n1", title: "A \"quoted\"\ttitle\u{1}", hashtags: ["a", "b"],
            time: Timestamp(milliseconds: 1_714_564_800_120))
        #expect(
            String(decoding: try note.encode(as: .json), as: UTF8.self)
                == #"{"id":"n1","title":"A \"quoted\"\ttitle\u0001","hashtags":["a","b"],"time":"2024-05-01T12:00:00.120Z"}"#
        )
        let delta = PairDelta(source: "a", bucket: 7, targets: [TargetDelta(note: "b", delta: -1 << 62)])
        #expect(
            String(decoding: try delta.encode(as: .json), as: UTF8.self)
                == #"{"source":"a","bucket":"7","targets":[{"note":"b","delta":"-4611686018427387904"}]}"#)
        let profile = NoteProfile(contentHash: "h", categoryScore: -0.0, embedding: [0.1, 1, 1e-7])
        #expect(
            String(decoding: try profile.encode(as: .json), as: UTF8.self)
                == #"{"contentHash":"h","categoryScore":-0.0,"embedding":[0.1,1.0,1e-07]}"#)
    }
}

/// One to three bytes changed, taken out or put in.
func mutated(_ original: [UInt8], _ source: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    let telling = Array("{}[]\",:\\0-+.eEnultrfas \n".utf8)
    for _ in 0..<Int.random(in: 1...3, using: &source) {
        let index = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &source)
        let byte =
            source.chance(2)
            ? UInt8.random(in: 0...255, using: &source) : telling[Int.random(in: 0..<telling.count, using: &source)]
        switch Int.random(in: 0..<4, using: &source) {
        case 0 where !bytes.isEmpty: bytes.remove(at: index)
        case 1: bytes.insert(byte, at: index)
        case 2 where !bytes.isEmpty: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &source)
        case _ where !bytes.isEmpty: bytes[index] = byte
        default: bytes.append(byte)
        }
    }
    return bytes
}
