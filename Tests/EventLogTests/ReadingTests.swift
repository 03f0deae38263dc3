import BrokerSupport
import EventLog
import Foundation
import Testing

extension BrokerTests {
    @Suite("Reading and writing")
    struct Reading {
        @Test("records come back as they were written", arguments: TestBrokers.all)
        func roundTrip(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let place = TopicPartition(topic, 0)
                let now = Int64(Date().timeIntervalSince1970 * 1000)
                let written = [
                    OutgoingRecord(
                        topic: topic, key: bytes("key"), value: bytes("value"),
                        headers: [Header("one", "1"), Header("one", "2"), Header("null", nil), Header("empty", "")],
                        timestamp: now - 5000),
                    OutgoingRecord(topic: topic, key: bytes("deleted"), value: nil),
                    OutgoingRecord(topic: topic, key: nil, value: []),
                    OutgoingRecord(topic: topic, key: [], value: [0, 255, 10]),
                ]
                try broker.write(written)
                let consumer = try Consumer(broker.settings)
                try consumer.assign([place: .beginning])
                let records = try consumer.read(written.count)
                #expect(records.map(\.key) == written.map(\.key))
                #expect(records.map(\.value) == written.map(\.value))
                #expect(records.map(\.headers) == written.map(\.headers))
                #expect(records.map(\.offset) == [0, 1, 2, 3])
                #expect(records.map(\.topicPartition) == Array(repeating: place, count: 4))
                #expect(records.first?.timestamp == now - 5000)
                #expect(records.first?.header("one") == bytes("2"))
                let present = try #require(records.last?.timestamp)
                #expect(abs(present - now) < 60_000)
                #expect(try consumer.position([place]) == [place: 4])
                try consumer.close()
            }
        }

        /// With several requests under way, about one in twenty of these lost its first batch and acknowledged it all the same.
        @Test("the first batches of a topic that was just made are all there, in order", arguments: TestBrokers.kafka)
        func firstBatches(broker: TestBroker) throws {
            for _ in 0..<12 {
                try broker.withTopic { topic in
                    let producer = try Producer(broker.settings)
                    for number in 0..<4 {
                        let value = [UInt8](repeating: UInt8(number), count: 600_000)
                        try producer.produce(OutgoingRecord(topic: topic, partition: 0, key: nil, value: value))
                    }
                    try producer.flush()
                    let consumer = try Consumer(broker.settings)
                    try consumer.assign([TopicPartition(topic, 0): .beginning])
                    #expect(try consumer.read(4).map { $0.value?.first } == [0, 1, 2, 3])
                    try consumer.close()
                }
            }
        }

        @Test("a key's partition is the one that Kafka's clients choose", arguments: TestBrokers.all)
        func partitions(broker: TestBroker) throws {
            try broker.withTopic(partitions: 7) { topic in
                try broker.write(
                    (0..<500).map { OutgoingRecord(topic: topic, key: bytes("key \($0)"), value: bytes("v")) })
                let consumer = try Consumer(broker.settings)
                try consumer.assign(
                    Dictionary(uniqueKeysWithValues: (0..<7).map { (TopicPartition(topic, $0), .beginning) }))
                let records = try consumer.read(500)
                #expect(records.count == 500)
                for record in records {
                    #expect(Partitioner.partition(for: record.key ?? [], count: 7) == record.partition)
                }
                #expect(Set(records.map(\.partition)).count == 7)
                try consumer.close()
            }
        }

        @Test("seek by offset and by time, and the end is told again", arguments: TestBrokers.all)
        func seek(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let place = TopicPartition(topic, 0)
                let base = Int64(Date().timeIntervalSince1970 * 1000) - 1_000_000
                try broker.write(
                    (0..<100).map {
                        OutgoingRecord(
                            topic: topic, partition: 0, key: nil, value: bytes("\($0)"), timestamp: base + $0 * 1000)
                    })
                let consumer = try Consumer(broker.settings)
                try consumer.assign([place: .offset(90)])
                #expect(try consumer.readToEnd().map(\.offset) == Array(90..<100))
                #expect(consumer.caughtUp == [place: 100])

                try consumer.seek([place: .offset(95)])
                #expect(consumer.caughtUp.isEmpty)
                #expect(try consumer.readToEnd().map(\.offset) == Array(95..<100))

                let offsets = try consumer.offsets(atOrAfter: [place: base + 41_500])
                #expect(offsets == [place: 42])
                try consumer.seek(offsets.mapValues { .offset($0) })
                #expect(try consumer.readToEnd().map(\.offset) == Array(42..<100))

                #expect(try consumer.offsets(atOrAfter: [place: base + 10_000_000]).isEmpty)
                try consumer.seek([place: .beginning])
                #expect(try consumer.readToEnd().count == 100)
                #expect(try consumer.watermarks(place) == Watermarks(low: 0, high: 100))
                #expect(throws: EventLogError.self) { try consumer.seek([TopicPartition(topic, 1): .beginning]) }
                try consumer.close()
            }
        }

        @Test("a paused partition rests and goes on where it stood", arguments: TestBrokers.all)
        func pause(broker: TestBroker) throws {
            try broker.withTopic(partitions: 2) { topic in
                let (first, second) = (TopicPartition(topic, 0), TopicPartition(topic, 1))
                func write(_ range: Range<Int>) throws {
                    try broker.write(
                        range.flatMap { [OutgoingRecord(topic, 0, "\($0)"), OutgoingRecord(topic, 1, "\($0)")] })
                }
                try write(0..<50)
                let consumer = try Consumer(broker.settings)
                try consumer.assign([first: .beginning, second: .beginning])
                // Most of what was fetched is still inside librdkafka when the pause comes.
                var records = try consumer.poll(maximum: 5, timeout: .seconds(5))
                try consumer.pause([first])
                try write(50..<100)
                let expected = 100 - records.count { $0.topicPartition == second }
                let meanwhile = try consumer.read(expected)
                #expect(meanwhile.allSatisfy { $0.topicPartition == second })
                #expect(try consumer.read(1, within: .milliseconds(500)).isEmpty)
                records += meanwhile
                try consumer.resume([first])
                records += try consumer.read(200 - records.count)
                for place in [first, second] {
                    let texts = records.filter { $0.topicPartition == place }.map(\.text)
                    #expect(texts == (0..<100).map(String.init))
                }
                try consumer.close()
            }
        }

        @Test("partitions come and go by hand", arguments: TestBrokers.all)
        func assignByHand(broker: TestBroker) throws {
            try broker.withTopic(partitions: 3) { topic in
                try broker.write((0..<3).map { OutgoingRecord(topic, $0, "\($0)") })
                let consumer = try Consumer(broker.settings)
                try consumer.assign([TopicPartition(topic, 0): .beginning])
                #expect(try consumer.readToEnd().map(\.text) == ["0"])
                try consumer.assign([TopicPartition(topic, 0): .beginning, TopicPartition(topic, 1): .beginning])
                #expect(try consumer.readToEnd().map(\.text) == ["1"])
                try consumer.unassign([TopicPartition(topic, 0)])
                try broker.write((0..<3).map { OutgoingRecord(topic, $0, "more \($0)") })
                #expect(try consumer.read(1).map(\.text) == ["more 1"])
                #expect(consumer.assignment == [TopicPartition(topic, 1)])
                try consumer.close()
            }
        }

        @Test("records are there at once, not after the time-out", arguments: TestBrokers.all)
        func latency(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let producer = try Producer(broker.settings)
                let consumer = try Consumer(broker.settings)
                try consumer.assign([TopicPartition(topic, 0): .beginning])
                _ = try consumer.readToEnd()
                var waits: [Duration] = []
                for n in 0..<20 {
                    let start = ContinuousClock.now
                    try producer.produce(OutgoingRecord(topic, 0, "\(n)"))
                    try producer.flush()
                    #expect(try wait { try !consumer.poll(timeout: .seconds(5)).isEmpty })
                    waits.append(ContinuousClock.now - start)
                }
                #expect(waits.sorted()[10] < .milliseconds(200))
                try consumer.close()
            }
        }

        @Test("what a plain producer cannot deliver is told", arguments: TestBrokers.all)
        func undeliverable(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let producer = try Producer(broker.settings)
                try producer.produce(OutgoingRecord(topic, 0, "good"))
                try producer.flush()
                #expect(producer.delivered == 1)
                let large = OutgoingRecord(topic: topic, key: nil, value: [UInt8](repeating: 1, count: 21_000_000))
                let refused = #expect(throws: EventLogError.self) { try producer.produce(large) }
                #expect(refused?.name == "MSG_SIZE_TOO_LARGE")
                #expect(refused?.topic == topic)
                let nowhere = #expect(throws: EventLogError.self) {
                    try producer.produce(OutgoingRecord(topic, 17, "no such partition"))
                    try producer.flush()
                }
                #expect(nowhere?.isUnknownTopic == true)
                try producer.produce(OutgoingRecord(topic, 0, "good"))
                try producer.flush()
                #expect(producer.delivered == 2)
            }
        }
    }
}
