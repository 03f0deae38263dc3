import BrokerSupport
import EventLog
import Foundation
import Support
import Testing

extension BrokerTests {
    @Suite(
        "Outages",
        .enabled(if: OwnKafka.isPossible, Comment(rawValue: OwnKafka.missing)))
    struct Outages {
        /// Whether a round whose commit was cut off counts is decided by the committed offset alone.
        @Test("Kafka is killed in mid-transaction and comes back: nothing lost, nothing twice")
        func killed() throws {
            let kafka = try OwnKafka()
            let broker = kafka.broker
            let topic = TestBroker.uniqueName("outage")
            try broker.createTopic(topic)
            let place = TopicPartition(topic, 0)
            func join() throws -> Consumer {
                let consumer = try Consumer(broker.settings, group: GroupSettings(groupID: topic, instanceID: "a"))
                try consumer.subscribe(to: [topic])
                return consumer
            }
            var consumer = try join()
            var producer = try broker.transactionalProducer(topic + "/a")
            var round: Int64 = 0
            var outages = 0
            var recoveries = 0
            while round < 40 {
                do {
                    let joined = try wait(.seconds(30)) {
                        _ = try consumer.poll(timeout: .milliseconds(20))
                        return consumer.assignment == [place]
                    }
                    try #require(joined)
                    try producer.begin()
                    for n in 0..<5 { try producer.produce(OutgoingRecord(topic, 0, "\(round)/\(n)")) }
                    if round == [10, 25, -1][outages] {
                        outages += 1
                        try kafka.kill()
                        try kafka.start()
                    }
                    try producer.sendOffsets([place: CommittedOffset(offset: round + 1)], of: consumer)
                    try producer.commit()
                    round += 1
                } catch let error as EventLogError {
                    recoveries += 1
                    try #require(recoveries < 20, "no way back from \(error)")
                    // As a stage does: whatever it was, a new consumer and a new producer, then what was committed.
                    _ = try? consumer.close()
                    producer = try broker.transactionalProducer(topic + "/a")
                    consumer = try join()
                    round = try consumer.committed([place])[place]?.offset ?? 0
                }
            }
            #expect(outages == 2)
            #expect(try broker.committedTexts(topic) == (0..<40).flatMap { round in (0..<5).map { "\(round)/\($0)" } })
            try consumer.close()
        }
    }
}
