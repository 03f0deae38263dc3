import Foundation
import Schemas

/// How many events a CPU second decodes and encodes, beside Foundation's JSONDecoder and JSONEncoder on the same bytes.
/// Decoding is measured as the stages do it, checks included; the last line is JSON.
@main
struct EventsBenchmark {
    static func main() throws {
        let time = Timestamp(milliseconds: 1_714_564_800_123)
        let timestamp = time.milliseconds
        let click = Click(user: "u30d60ab18be1", note: "beer-121", time: time, kind: "view")
        let note = Note(
            id: "beer-121", title: "What is a citra hop, and how does it differ from other hops?", content: sentence,
            hashtags: ["hops", "brewing", "taste"], category: "beer", author: "u12931922ba86", time: time)
        let list = RecommendationList(
            note: "beer-121", version: "3f786850e387", contentHash: "89e6c98d92887913", time: time,
            items: (0..<20).map { index in
                let score = 1 / (Double(index) + 1.37)
                return RecommendedNote(
                    note: "beer-\(100 + index)", score: score, cosine: 0.9 - score / 7, lexical: 12 * score,
                    cooccurrence: index % 3 == 0 ? 0 : score * 1.618, reason: "similar text")
            })

        var decodeClicks: [Double] = [], decodeNotes: [Double] = [], encodeLists: [Double] = []
        for type in ContentType.allCases {
            let header = type.headerValue
            let clickBytes = try click.encode(as: type), noteBytes = try note.encode(as: type)
            let clickKey = Array(click.user.utf8), noteKey = Array(note.id.utf8)
            decodeClicks.append(
                try report("decode click", "\(type)", clickBytes.count) {
                    _ = try IncomingClick.decode(
                        key: clickKey, value: clickBytes, contentType: header, recordTimestamp: timestamp)
                })
            decodeNotes.append(
                try report("decode note", "\(type)", noteBytes.count) {
                    _ = try IncomingNote.decode(
                        key: noteKey, value: noteBytes, contentType: header, recordTimestamp: timestamp)
                })
            encodeLists.append(
                try report("encode list of 20", "\(type)", try list.encode(as: type).count) {
                    _ = try list.encode(as: type)
                })
            let profile = NoteProfile(
                note: note.id, version: list.version, time: time, title: note.title, content: note.content,
                embedding: (0..<128).map { sin(Float($0) * 1.7) / 8 })
            let profileBytes = try profile.encode(as: type)
            _ = try report("decode profile", "\(type)", profileBytes.count) {
                _ = try NoteProfile.decode(profileBytes, contentType: type)
            }
            _ = try report("encode profile", "\(type)", profileBytes.count) { _ = try profile.encode(as: type) }
        }
        let peers = try measureFoundation(click, note, list)

        let ours = (decodeClicks.min() ?? 0, decodeNotes.min() ?? 0, encodeLists.min() ?? 0)
        print(
            "times Foundation: decode clicks \(ratio(ours.0, peers.0)), decode notes \(ratio(ours.1, peers.1)), "
                + "encode lists \(ratio(ours.2, peers.2))")
        print(
            #"{"decode_clicks_per_cpu_s":\#(Int(ours.0)),"decode_notes_per_cpu_s":\#(Int(ours.1)),"#
                + #""encode_lists_per_cpu_s":\#(Int(ours.2))}"#)
    }

    private static let sentence = String(
        repeating: "I was offered a beer the other day that was reportedly made with citra hops. ", count: 7)

    /// Prints and returns how often `body` ran per CPU second: the best of five spells of 0.2 s.
    private static func report(
        _ what: String, _ form: String, _ size: Int, _ body: () throws -> Void
    ) rethrows -> Double {
        var best = 0.0
        for _ in 0..<5 {
            let start = cpuSeconds()
            var count = 0, spent = 0.0
            while spent < 0.2 {
                for _ in 0..<200 { try body() }
                count += 200
                spent = cpuSeconds() - start
            }
            best = max(best, Double(count) / spent)
        }
        let name = "\(what), \(form), \(size) bytes:".padding(toLength: 60, withPad: " ", startingAt: 0)
        print(name + "\(Int(best)) per CPU second")
        return best
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func ratio(_ ours: Double, _ peer: Double) -> String { String(format: "%.1f", ours / peer) }
}

// MARK: The peer

/// The same events as Foundation wants them.
private struct PeerClick: Codable { var user, note, time, kind: String? }

private struct PeerNote: Codable {
    var id, title, content, category, author, created, time: String?
    var hashtags: [String]?
}

private struct PeerList: Codable {
    struct Item: Codable {
        var note: String
        var score, cosine, lexical, cooccurrence: Double?
        var reason: String
    }
    var note, version, contentHash, time: String
    var items: [Item]
}

extension EventsBenchmark {
    /// JSONDecoder and JSONEncoder on our JSON, times left as text.
    private static func measureFoundation(
        _ click: Click, _ note: Note, _ list: RecommendationList
    ) throws -> (Double, Double, Double) {
        let clickData = Data(try click.encode(as: .json)), noteData = Data(try note.encode(as: .json))
        let decoder = JSONDecoder(), encoder = JSONEncoder()
        let peerList = try decoder.decode(PeerList.self, from: Data(try list.encode(as: .json)))
        let size = try encoder.encode(peerList).count
        return (
            try report("decode click", "JSONDecoder", clickData.count) {
                _ = try decoder.decode(PeerClick.self, from: clickData)
            },
            try report("decode note", "JSONDecoder", noteData.count) {
                _ = try decoder.decode(PeerNote.self, from: noteData)
            },
            try report("encode list of 20", "JSONEncoder", size) { _ = try encoder.encode(peerList) }
        )
    }
}
