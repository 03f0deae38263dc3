import BrokerSupport
import EventLog
import Foundation
import Pipeline
import Serving
import Support
import Testing

extension IntegrationTests {
    /// The event stream over a real topic.
    @Suite("Stream", .serialized, .timeLimit(.minutes(5)))
    struct StreamTests {
        @Test("what is written now comes now; what was written before, only when asked for", arguments: TestBrokers.all)
        func live(broker: TestBroker) throws {
            let harness = try StreamHarness(broker)
            try harness.write("old")
            try harness.flush()
            try harness.restart()
            let all = try harness.connect("?from=beginning")
            #expect(all.next()?.data.contains("\"old\"") == true)
            let live = try harness.connect()
            let one = try harness.connect("?note=b%2Fc&note=d")
            for note in ["a", "b/c", "d"] { try harness.write(note) }
            try harness.delete("d")
            try harness.flush()
            var (seen, filtered) = (StreamTable(), StreamTable())
            while let event = live.next(within: .seconds(1)) { seen.take(event) }
            while let event = one.next(within: .seconds(1)) { filtered.take(event) }
            #expect(seen.table.keys.sorted() == ["a", "b/c"] && seen.deletions == 1)
            #expect(filtered.table.keys.sorted() == ["b/c"] && filtered.deletions == 1)
            #expect(filtered.versions.count == 2)
            // Its own events were few: the heartbeats brought it to the end.
            #expect(one.lastID == live.lastID)
            #expect(harness.hub.streams == 3)
            // One of the whole table, which then went on with the rest unread; four live; three with the filter.
            #expect(wait(.seconds(5)) { harness.hub.eventsTotal >= 8 })
            withExtendedLifetime(all) {}
        }

        @Test(
            "random writes, breaks and restarts: each version comes once, in order, and the client's table is the topic's",
            arguments: TestBrokers.kafka, [1, 2, 3])
        func property(broker: TestBroker, seed: UInt64) throws {
            var random = SeededGenerator(seed: seed)
            // So small a ring overflows at every break.
            let harness = try StreamHarness(broker) {
                $0.ringEvents = Int.random(in: 5...60, using: &random)
                $0.backfill = Int64.random(in: 0...30, using: &random)
            }
            var seen = StreamTable()
            var deletions = 0
            var client = try harness.connect("?from=beginning")
            var lastID: String?
            func reconnect() throws {
                // A client that leaves early has not read its new connection's first id.
                lastID = client.lastID ?? lastID
                client = try harness.connect("?from=beginning", lastID: lastID)
            }
            for _ in 0..<40 {
                for _ in 0..<Int.random(in: 0...60, using: &random) {
                    let note = "note-\(Int.random(in: 0..<30, using: &random))"
                    if Int.random(in: 0..<5, using: &random) == 0 {
                        try harness.delete(note)
                        deletions += 1
                    } else {
                        try harness.write(note)
                    }
                }
                try harness.flush()
                for _ in 0..<Int.random(in: 0...80, using: &random) {
                    guard let event = client.next(within: .milliseconds(50)) else { break }
                    seen.take(event)
                }
                switch Int.random(in: 0..<6, using: &random) {
                case 0: try harness.restart()
                case 1, 2: break
                default:
                    if !client.isEnded { continue }
                }
                try reconnect()
                #expect(client.status == 200)
            }
            var idle = 0
            while idle < 3 {
                if client.isEnded { try reconnect() }
                if let event = client.next(within: .milliseconds(700)) {
                    seen.take(event)
                    idle = 0
                } else {
                    idle += 1
                }
            }
            #expect(seen.resets == 0)
            #expect(Set(seen.versions).count == seen.versions.count, "a version came twice")
            #expect(seen.versions.count == harness.written - deletions)
            #expect(seen.deletions == deletions)
            #expect(seen.table == harness.table)
        }

        @Test(
            "compaction forgets deletions: who was away for longer gets a reset and the whole table",
            arguments: TestBrokers.kafka)
        func compaction(broker: TestBroker) throws {
            let harness = try StreamHarness(
                broker, partitions: 1, tombstones: "4s",
                configuration: [
                    "segment.ms": "200", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "1000",
                    "min.compaction.lag.ms": "0", "file.delete.delay.ms": "100",
                ]
            ) { $0.ringEvents = 10 }
            for number in 0..<40 { try harness.write("note-\(number)") }
            try harness.flush()
            var seen = StreamTable()
            var client = try harness.connect("?from=beginning")
            while seen.table.count < 40, let event = client.next() { seen.take(event) }
            #expect(seen.table == harness.table)
            let away = client.lastID
            client = try harness.connect()
            for number in 0..<20 { try harness.delete("note-\(number)") }
            try harness.flush()
            let isForgotten = try wait(.seconds(90)) {
                usleep(500_000)
                // New segments make the cleaner look at those before.
                for _ in 0..<3 { try harness.write("mover") }
                try harness.flush()
                var tombstones = 0
                try TopicReader(broker.settings).readToEnd([TopicPartition(harness.topic, 0)]) {
                    if $0.value == nil { tombstones += 1 }
                }
                return tombstones == 0
            }
            try #require(isForgotten, "the broker has not compacted the deletions away")
            client = try harness.connect(lastID: away)
            while seen.table != harness.table, let event = client.next() { seen.take(event) }
            #expect(seen.resets == 1)
            #expect(seen.table == harness.table)
        }

        @Test(
            "ids of another layout, beyond the end or of long ago begin anew; malformed ones are refused",
            arguments: TestBrokers.kafka)
        func resets(broker: TestBroker) throws {
            let harness = try StreamHarness(broker) { $0.backfill = 2 }
            let old = Int64(Date().timeIntervalSince1970 * 1_000) - 5 * 86_400_000
            for number in 0..<60 { try harness.write("note-\(number % 30)", timestamp: old) }
            for number in 0..<9 { try harness.write("young-\(number)") }
            try harness.flush()
            try harness.restart()
            for id in ["0:1,1:1,2:1", "0:5,1:5", "0:5,1:5,2:5,3:5", "0:999,1:0,2:0"] {
                let client = try harness.connect(lastID: id)
                #expect(client.status == 200)
                let first = try #require(client.next(), "\(id)")
                #expect(first.name == "reset", "\(id): \(first)")
                var seen = StreamTable()
                while seen.table != harness.table, let event = client.next() { seen.take(event) }
                #expect(seen.table == harness.table, "\(id)")
            }
            for wrong in ["x", "0:-1", "0:1,0:2"] {
                #expect(try harness.connect(lastID: wrong).status == 400, "\(wrong)")
            }
            #expect(try harness.connect("?from=end").status == 400)
            #expect(try harness.connect("?last_event_id=none").status == 400)
        }

        @Test(
            "a client that does not read is ended, and served from the log when it comes back",
            arguments: TestBrokers.kafka
        )
        func slow(broker: TestBroker) throws {
            let harness = try StreamHarness(broker) { $0.ringBytes = 256 << 10 }
            let slow = try harness.connect(window: 4_096)
            let idle = try harness.connect("?note=rare")
            for _ in 0..<400 {
                for number in 0..<10 { try harness.write("note-\(number)", padding: 4_000) }
                try harness.flush()
            }
            try harness.write("rare")
            try harness.flush()
            #expect(idle.next(within: .seconds(20))?.data.contains("\"rare\"") == true)
            var count = 0
            while slow.next(within: .seconds(10)) != nil { count += 1 }
            #expect(slow.isEnded)
            #expect(count < 4_000)
            // It comes back to where it was, and is served from the log.
            var seen = StreamTable()
            let again = try harness.connect(lastID: slow.lastID)
            while seen.versions.last != harness.written, let event = again.next() { seen.take(event) }
            #expect(seen.versions.count == harness.written - count)
            #expect(wait(.seconds(20)) { harness.hub.streams == 2 })
        }

        @Test(
            "streams and catch-ups are bounded; clients that leave give their places back", arguments: TestBrokers.kafka
        )
        func limits(broker: TestBroker) throws {
            let harness = try StreamHarness(broker) {
                $0.streams = 20
                $0.catchUps = 2
                $0.ringEvents = 10
            }
            for number in 0..<3_000 { try harness.write("note-\(number)", padding: 4_000) }
            try harness.flush()
            // One that opens while the ring still fills would fall out of it.
            try harness.restart()
            let first = try harness.connect()
            #expect(first.status == 200)
            // Slow readers of the whole table hold the two places.
            let slow = try (0..<2).map { _ in try harness.connect("?from=beginning", window: 4_096) }
            #expect(slow.allSatisfy { $0.status == 200 })
            let third = try EventClient(port: harness.server.port, "/v1/stream?from=beginning")
            #expect(third.waitForHead() == 503)
            #expect(third.head.contains("Retry-After: 2"))
            var open: [EventClient]? = try (0..<17).map { _ in try harness.connect() }
            let refused = try EventClient(port: harness.server.port, "/v1/stream")
            #expect(refused.waitForHead() == 503)
            #expect(refused.head.contains("Retry-After: 5"))
            #expect(open?.allSatisfy { $0.status == 200 } == true)
            open = nil
            #expect(wait(.seconds(20)) { harness.hub.streams == 3 })
            withExtendedLifetime((first, slow)) {}
            let start = ContinuousClock.now
            harness.stop()
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(harness.hub.streams == 0)
        }

        @Test(
            "a broker that is killed and comes back interrupts a stream, and costs it nothing",
            .enabled(if: OwnKafka.isPossible, Comment(rawValue: OwnKafka.missing)))
        func outage() throws {
            let kafka = try OwnKafka()
            // It must outlive what is asked of it in the end.
            defer { withExtendedLifetime(kafka) {} }
            try interrupt(kafka)
        }

        private func interrupt(_ kafka: OwnKafka) throws {
            let harness = try StreamHarness(kafka.broker)
            let client = try harness.connect()
            var seen = StreamTable()
            for round in 1...2 {
                for number in 0..<50 { try harness.write("note-\(number)") }
                try harness.flush()
                while seen.versions.count < round * 50, let event = client.next(within: .seconds(40)) {
                    seen.take(event)
                }
                if round == 1 {
                    try kafka.kill()
                    usleep(1_000_000)
                    try kafka.start()
                }
            }
            #expect(seen.versions.sorted() == Array(1...100))
            #expect(seen.table == harness.table && !client.isEnded)
        }
    }
}
