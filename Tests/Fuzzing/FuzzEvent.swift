import Schemas
import Support

/// What an event is, which says what reads it.
public enum EventKind: CaseIterable, Sendable {
    /// A note, a click: from strangers.
    case note, click
    /// What the stages send each other, and what they send to readers.
    case profile, list, pairs, activity, trending, manifest
}

/// One record of some topic.
public struct FuzzEvent: Sendable {
    /// What it is, or was before it was changed.
    public var kind: EventKind
    /// The record's key.
    public var key: [UInt8]?
    /// The record's value; nil is a tombstone.
    public var value: [UInt8]?
    /// The `content-type` header; nil for none.
    public var contentType: [UInt8]?

    /// Whether the value is, or was, JSON.
    var isJSON: Bool { contentType != ContentType.protobuf.headerValue }
}

/// Makes events that are as they should be.
public struct EventSource: Sendable {
    /// Milliseconds since 1970 that count as the present.
    public let now: Int64
    /// Where clicks come from and go to: few, so that they meet.
    let users: Int
    let notes: Int

    /// - Parameters:
    ///   - now: events happen in the five days before it, the last three hours left out.
    ///   - users: how many people click.
    ///   - notes: how many notes there are.
    public init(now: Int64, users: Int = 50, notes: Int = 50) {
        self.now = now
        self.users = max(1, users)
        self.notes = max(1, notes)
    }

    /// A well-formed event of a kind.
    public func event(
        _ kind: EventKind, _ type: ContentType, _ random: inout SeededGenerator
    ) throws(SchemaError) -> FuzzEvent {
        let (key, value) = try record(kind, type, &random)
        // JSON may say so or not.
        let header = type == .json && random.chance(2) ? nil : type.headerValue
        return FuzzEvent(kind: kind, key: key, value: value, contentType: header)
    }

    /// A note's id.
    public func noteID(_ number: Int) -> String { "fuzz-\(number)" }

    private func record(
        _ kind: EventKind, _ type: ContentType, _ random: inout SeededGenerator
    ) throws(SchemaError) -> ([UInt8], [UInt8]) {
        let id = noteID(Int.random(in: 0..<notes, using: &random))
        let time = time(&random)
        switch kind {
        case .note:
            let note = Note(
                id: id, title: "T" + random.text(20), content: random.text(200),
                hashtags: random.list(4) { $0.text(8) },
                category: random.text(8), author: random.text(8), time: time)
            return (Array(id.utf8), try note.encode(as: type))
        case .click:
            let user = "user-\(Int.random(in: 0..<users, using: &random))-é"
            let click = Click(user: user, note: id, time: time, kind: random.text(8))
            return (Array(user.utf8), try click.encode(as: type))
        case .profile:
            let profile = NoteProfile(
                note: id, version: "v1", contentHash: random.text(8), created: time, time: time, title: random.text(20),
                content: random.text(60), category: random.text(8), categoryScore: random.number(),
                hashtags: random.list(3) { Hashtag(tag: $0.text(8), score: $0.number()) },
                authorHashtags: random.list(3) { $0.text(8) }, authorCategory: random.text(8),
                embedding: [1] + random.list(16) { Float($0.number()) })
            return (ProfileKey(note: Array(id.utf8), version: Array("v1".utf8)).bytes, try profile.encode(as: type))
        case .list:
            let list = RecommendationList(
                note: id, version: "v1", contentHash: random.text(8), time: time,
                items: random.list(8) {
                    RecommendedNote(
                        note: "n" + $0.text(8), score: $0.number(), cosine: $0.number(), lexical: $0.number(),
                        cooccurrence: $0.number(), reason: $0.text(8),
                        users: Int32(truncatingIfNeeded: $0.integer()))
                })
            return (Array(id.utf8), try list.encode(as: type))
        case .pairs:
            let delta = PairDelta(
                source: id, bucket: random.integer(),
                targets: random.list(8) {
                    TargetDelta(
                        note: "n" + $0.text(8), delta: $0.integer(), users: Int32(truncatingIfNeeded: $0.integer()))
                }, time: time)
            return (Array(id.utf8), try delta.encode(as: type))
        case .activity:
            let delta = ActivityDelta(
                note: id, hour: random.integer(), delta: Int64.random(in: -1_000...1_000, using: &random), time: time)
            return (Array(id.utf8), try delta.encode(as: type))
        case .trending:
            let trending = Trending(
                category: "c", version: "v1", time: time,
                notes: random.list(5) {
                    TrendingNote(note: "n" + $0.text(8), created: time, clicks: $0.integer(), category: $0.text(8))
                })
            return (Array("c".utf8), try trending.encode(as: type))
        case .manifest:
            let manifest = ModelManifest(
                version: "v1", json: "{\"a\":\(random.integer())}", chunks: 3, bytes: random.integer(),
                sha256: random.text(8), time: time)
            return (ModelUpdateKey.manifest(version: "v1").bytes, try manifest.encode(as: type))
        }
    }

    private func time(_ random: inout SeededGenerator) -> Timestamp {
        let hour: Int64 = 3_600_000
        return Timestamp(milliseconds: now - 3 * hour - Int64.random(in: 0..<120 * hour, using: &random))
    }
}

extension SeededGenerator {
    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &self) == 0 }

    mutating func text(_ limit: Int) -> String {
        if chance(6) { return "" }
        let odd = ["ä", "日", "🍺", "👩‍👧", "\"", "\\", "/", "\n", "\u{0}", "\u{7F}", "e\u{301}", "\u{FEFF}", "\u{2028}"]
        var text = ""
        for _ in 0..<Int.random(in: 1...limit, using: &self) {
            if chance(8) {
                text += odd[Int.random(in: 0..<odd.count, using: &self)]
            } else {
                text.unicodeScalars.append(Unicode.Scalar(UInt8.random(in: 0x20...0x7E, using: &self)))
            }
        }
        return text
    }

    mutating func number() -> Double {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return [0, -0.0, 1e22, 0.1, 1e-300, -1e30][Int.random(in: 0..<6, using: &self)]
        default: return Double.random(in: -2...2, using: &self)
        }
    }

    mutating func integer() -> Int64 {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return [0, 1, -1, .max, .min, 1 << 53, (1 << 53) + 1][Int.random(in: 0..<7, using: &self)]
        default: return Int64.random(in: -100_000...100_000, using: &self)
        }
    }

    mutating func list<Element>(_ limit: Int, _ element: (inout Self) -> Element) -> [Element] {
        (0..<Int.random(in: 0...limit, using: &self)).map { _ in element(&self) }
    }

    mutating func bytes(_ limit: Int) -> [UInt8] {
        (0..<Int.random(in: 0...limit, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// A place in bytes, or their end.
    mutating func place(in bytes: [UInt8]) -> Int { Int.random(in: 0...bytes.count, using: &self) }
}
