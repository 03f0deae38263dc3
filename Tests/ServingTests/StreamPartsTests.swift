import EventLog
import Foundation
import Schemas
import Support
import Testing

import Serving

@Suite("Parts of the event stream")
struct StreamPartsTests {
    // MARK: - Ids

    @Test("ids read back as written; anything else is refused")
    func ids() {
        for text in ["0:0", "0:17,1:4", "0:9223372036854775807,1:0,2:3", "0:17,1:4;since=1795741200"] {
            #expect(StreamPosition(text)?.text == text)
        }
        for text in [
            "", "0", "0:", ":0", "0:-1", "0:+1", "1:0", "0:1,", ",0:1", "0:1,0:2", "0:1,2:2", "0:1 ,1:2", "a:b",
            "0:9223372036854775808", "0:1;", "0:1;since=", "0:1;since=x", "0:1;until=3", "0:1;since=1;since=2", "0:٣",
        ] {
            #expect(StreamPosition(text) == nil, "\(text)")
        }
    }

    // MARK: - Where a stream begins

    private let log = StreamStart.Log(lows: [0, 10], ends: [100, 200], tombstonesKept: [50, 60], oldestLoad: 1_000)

    @Test("the ring serves what it holds, and nothing else")
    func ring() {
        let ring = (base: StreamPosition([40, 70]), head: StreamPosition([90, 190]))
        for inside in [[40, 70], [90, 190], [60, 100]] as [[Int64]] {
            #expect(StreamStart.make(asked: StreamPosition(inside), ring: ring) == .ring)
        }
        for outside in [[39, 70], [40, 69], [91, 70], [40, 191], [40], [40, 70, 0]] as [[Int64]] {
            #expect(StreamStart.make(asked: StreamPosition(outside), ring: ring) == nil)
        }
    }

    @Test("the log serves what it still holds in full; else the table is sent anew, with the reason")
    func logOrReset() {
        func start(_ offsets: [Int64], since: Int64? = nil) -> StreamStart {
            StreamStart.make(asked: StreamPosition(offsets, loadingSince: since), log: log)
        }
        func isReset(_ start: StreamStart) -> Bool { if case .reset = start { true } else { false } }
        #expect(start([50, 60]) == .log)
        #expect(start([100, 200]) == .log)
        #expect(isReset(start([49, 60])), "tombstones may be gone")
        #expect(isReset(start([101, 200])), "beyond the end")
        #expect(isReset(start([100])), "another layout")
        #expect(isReset(start([100, 200, 0])), "another layout")
        #expect(start([0, 10], since: 1_000) == .log)
        #expect(isReset(start([0, 9], since: 1_000)), "before the log's start")
        #expect(isReset(start([0, 10], since: 999)), "the load began long ago")
    }

    // MARK: - The ring

    private func event(_ partition: Int32, _ offset: Int64) -> NoteEvent {
        NoteEvent(
            note: "n\(partition)", partition: partition, offset: offset,
            body: Array("data: \(partition):\(offset)\n\n".utf8))
    }

    @Test(
        "whatever was read elsewhere, in whatever order, the ring gives the rest: no gap, no duplicate, no id that goes back"
    )
    func cursors() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<400 {
            // Some partitions with gaps between offsets, as transactions leave them.
            let partitions = Int32.random(in: 1...4, using: &random)
            var logs: [[Int64]] = []
            for _ in 0..<partitions {
                var offset: Int64 = 0
                logs.append(
                    (0..<Int.random(in: 0...20, using: &random)).map { _ in
                        offset += Int64.random(in: 1...3, using: &random)
                        return offset
                    })
            }
            // The ring reads them in one order, and keeps a few.
            let zero = StreamPosition(logs.map { _ in 0 })
            var ring = EventRing(
                at: zero, opens: zero, countLimit: Int.random(in: 1...60, using: &random), byteLimit: 1 << 20)
            var left = logs
            while let partition = left.indices.filter({ !left[$0].isEmpty }).randomElement(using: &random) {
                ring.append(event(Int32(partition), left[partition].removeFirst()))
            }
            for partition in logs.indices { ring.advance(Int32(partition), to: (logs[partition].last ?? 0) + 2) }
            // The client has read up to somewhere within, in its own order.
            var asked = zero
            for partition in logs.indices {
                asked.offsets[partition] = Int64.random(
                    in: ring.base.offsets[partition]...ring.head.offsets[partition], using: &random)
            }
            var cursor = RingCursor(at: asked, in: ring)
            var got: [[Int64]] = logs.map { _ in [] }
            var last = asked
            while case .event(let bytes) = cursor.next(in: ring, where: { _ in true }) {
                let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                let id = try #require(StreamPosition(String(lines[0].dropFirst(4))))
                let place = lines[1].dropFirst(6).split(separator: ":").compactMap { Int64($0) }
                got[Int(place[0])].append(place[1])
                #expect(id.isAtLeast(last))
                #expect(id.offsets[Int(place[0])] > place[1])
                last = id
                // Nothing that is still to come lies before the id.
                for partition in logs.indices {
                    let known = logs[partition].filter { $0 < id.offsets[partition] && $0 >= asked.offsets[partition] }
                    #expect(known.allSatisfy { got[partition].contains($0) })
                }
            }
            #expect(got == zip(logs, asked.offsets).map { log, from in log.filter { $0 >= from } })
            #expect(cursor.followsRing)
        }
    }

    @Test("bounds of count and bytes hold; who falls behind is lost, who is at the end is not")
    func bounds() {
        let zero = StreamPosition([0])
        var ring = EventRing(at: zero, opens: zero, countLimit: 100, byteLimit: 2_000)
        var behind = RingCursor(endOf: ring)
        for offset in 0..<5_000 { ring.append(event(0, Int64(offset))) }
        #expect(ring.end - ring.first <= 100 && ring.bytes <= 2_000)
        #expect(ring.base.offsets == [Int64(ring.first)])
        guard case .lost = behind.next(in: ring, where: { _ in true }) else {
            Issue.record("is not lost")
            return
        }
        var atEnd = RingCursor(endOf: ring)
        guard case .nothing = atEnd.next(in: ring, where: { _ in true }) else {
            Issue.record("has something")
            return
        }
        // One that is larger than all bounds is kept until the next comes.
        ring.append(NoteEvent(note: "n", partition: 0, offset: 5_000, body: [UInt8](repeating: 65, count: 10_000)))
        #expect(ring.end - ring.first == 1)
    }

    // MARK: - Events

    @Test("a list and a deletion as the client gets them")
    func events() throws {
        let list = RecommendationList(note: "a\"b\n", version: "v1", items: [RecommendedNote(note: "c", score: 0.5)])
        for type in ContentType.allCases {
            let record = Record(
                topicPartition: TopicPartition("t", 1), offset: 7, timestamp: 1_700_000_000_123,
                key: Array("a\"b\n".utf8),
                value: try list.encode(as: type),
                headers: [
                    Header(ContentType.headerName, type.headerValue), Header("notestream-posted", "1700000000001"),
                    Header("notestream-profiled", "nonsense"),
                ])
            let text = String(decoding: try NoteEvent(record).bytes(id: StreamPosition([3, 8])), as: UTF8.self)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count == 5 && lines[3].isEmpty && lines[4].isEmpty)
            #expect(lines[0] == "id: 0:3,1:8")
            #expect(lines[1] == "event: list")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(lines[2].dropFirst(6).utf8)) as? [String: Any])
            #expect(object["note"] as? String == "a\"b\n")
            #expect(object["sent"] as? String == "2023-11-14T22:13:20.123Z")
            #expect(object["posted"] as? String == "2023-11-14T22:13:20.001Z")
            #expect(object["profiled"] == nil)
            #expect((object["list"] as? [String: Any])?["version"] as? String == "v1")
        }
        let deleted = Record(
            topicPartition: TopicPartition("t", 0), offset: 0, timestamp: 0, key: Array("x".utf8), value: nil)
        #expect(
            String(decoding: try NoteEvent(deleted).body, as: UTF8.self)
                == "event: deleted\ndata: {\"note\":\"x\",\"sent\":\"1970-01-01T00:00:00Z\"}\n\n")
    }
}
