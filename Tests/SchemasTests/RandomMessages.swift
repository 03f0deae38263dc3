import Schemas
import Support
import Testing

/// Seeded messages with the awkward values that real ones rarely have.
protocol RandomMessage: Message {
    static func random(_ source: inout SeededGenerator) -> Self
}

extension SeededGenerator {
    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &self) == 0 }

    mutating func text(_ limit: Int = 30) -> String {
        if chance(6) { return "" }
        let alphabets: [[Character]] = [
            Array("abcXYZ 0189"), Array("äöüßéñ"), Array("日本語の文"), Array("🍺🏽👩‍👩‍👧‍👦"), Array("\"\\/\n\r\t\u{0}\u{1F}\u{7F}"),
            ["e\u{301}", "\u{FEFF}", "\u{2028}"],
        ]
        var text = ""
        for _ in 0..<Int.random(in: 1...limit, using: &self) {
            let alphabet = chance(3) ? alphabets[Int.random(in: 0..<alphabets.count, using: &self)] : alphabets[0]
            text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &self)])
        }
        return text
    }

    mutating func time() -> Timestamp? {
        if chance(5) { return nil }
        let bounds: [ClosedRange<Int64>] = [
            -62_135_596_800...253_402_300_799, 0...0, 1_300_000_000...1_800_000_000,
            -62_135_596_800 ... -62_135_596_799,
            253_402_300_798...253_402_300_799,
        ]
        let nanoseconds: [Int32] = [0, 1, 999_999_999, 500_000_000, 123_000_000, 456_789_000]
        return Timestamp(
            seconds: Int64.random(in: bounds[Int.random(in: 0..<bounds.count, using: &self)], using: &self),
            nanoseconds: chance(2)
                ? nanoseconds[Int.random(in: 0..<nanoseconds.count, using: &self)]
                : Int32.random(in: 0...999_999_999, using: &self))
    }

    mutating func double() -> Double {
        switch Int.random(in: 0..<6, using: &self) {
        case 0: return 0
        case 1: return -0.0
        case 2: return Double(Int.random(in: -1000...1000, using: &self)) / 8
        case 3:
            return [
                Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, .pi, 1e22, 1e23, 0.1, -.leastNonzeroMagnitude,
            ][
                Int.random(in: 0..<7, using: &self)]
        default:
            let value = Double(bitPattern: next())
            return value.isFinite ? value : 1
        }
    }

    mutating func float() -> Float {
        switch Int.random(in: 0..<4, using: &self) {
        case 0:
            return [0, -0.0, 1e38, .leastNonzeroMagnitude, 0.1][Int.random(in: 0..<5, using: &self)]
        case 1: return Float.random(in: -1...1, using: &self)
        default:
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: next()))
            return value.isFinite ? value : 1
        }
    }

    mutating func int64() -> Int64 {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return [0, 1, -1, .max, .min, 127, 128, 1 << 53, (1 << 53) + 1][Int.random(in: 0..<9, using: &self)]
        case 1: return Int64.random(in: -1000...1000, using: &self)
        default: return Int64(bitPattern: next())
        }
    }

    mutating func int32() -> Int32 { Int32(truncatingIfNeeded: int64()) }

    mutating func list<Element>(_ limit: Int, _ element: (inout Self) -> Element) -> [Element] {
        (0..<(chance(4) ? 0 : Int.random(in: 0...limit, using: &self))).map { _ in element(&self) }
    }
}

extension Note: RandomMessage {
    static func random(_ source: inout SeededGenerator) -> Note {
        Note(
            id: source.text(), title: source.text(), content: source.text(300), hashtags: source.list(5) { $0.text() },
            category: source.text(), author: source.text(), created: source.time(), time: source.time())
    }
}

extension Click: RandomMessage {
    static func random(_ source: inout SeededGenerator) -> Click {
        Click(user: source.text(), note: source.text(), time: source.time(), kind: source.text())
    }
}

extension NoteProfile: RandomMessage {
    static func random(_ source: inout SeededGenerator) -> NoteProfile {
        NoteProfile(
            note: source.text(), version: source.text(), contentHash: source.text(), created: source.time(),
            time: source.time(), title: source.text(), content: source.text(200), category: source.text(),
            categoryScore: source.double(), hashtags: source.list(4) { Hashtag(tag: $0.text(), score: $0.double()) },
            authorHashtags: source.list(4) { $0.text() }, authorCategory: source.text(),
            embedding: source.list(130) { $0.float() })
    }
}

extension PairDelta: RandomMessage {
    static func random(_ source: inout SeededGenerator) -> PairDelta {
        PairDelta(
            source: source.text(), bucket: source.int64(),
            targets: source.list(40) { TargetDelta(note: $0.text(), delta: $0.int64(), users: $0.int32()) },
            time: source.time())
    }
}

extension RecommendationList: RandomMessage {
    static func random(_ source: inout SeededGenerator) -> RecommendationList {
        RecommendationList(
            note: source.text(), version: source.text(), contentHash: source.text(), time: source.time(),
            items: source.list(20) {
                RecommendedNote(
                    note: $0.text(), score: $0.double(), cosine: $0.double(), lexical: $0.double(),
                    cooccurrence: $0.double(), reason: $0.text(), users: $0.int32())
            })
    }
}

extension Trending: RandomMessage {
    static func random(_ source: inout SeededGenerator) -> Trending {
        Trending(
            category: source.text(), version: source.text(), time: source.time(),
            notes: source.list(10) {
                TrendingNote(
                    note: $0.text(), created: $0.time(), lastActive: $0.time(), clicks: $0.int64(),
                    recentClicks: $0.int64(), category: $0.text())
            })
    }
}

extension ModelManifest: RandomMessage {
    static func random(_ source: inout SeededGenerator) -> ModelManifest {
        ModelManifest(
            version: source.text(), json: "{\"a\":\(source.int64())}",
            chunks: source.int32(), bytes: source.int64(), sha256: source.text(),
            time: source.time())
    }
}

let randomMessages: [any RandomMessage.Type] = [
    Note.self, Click.self, NoteProfile.self, PairDelta.self, RecommendationList.self, Trending.self, ModelManifest.self,
]

/// The bytes of a message's fields, since `==` on String and Double forgets differences (é, -0).
func exact(_ message: some Message) throws -> [UInt8] { try message.encode(as: .protobuf) }

/// `#expect(left == right)` for loops that run many thousand times.
func same<Value: Equatable>(
    _ left: Value, _ right: Value, _ what: @autoclosure () -> String, _ location: SourceLocation = #_sourceLocation
) {
    if left != right { Issue.record("\(left) is not \(right): \(what())", sourceLocation: location) }
}
