import CRdKafka
import EventLog
import Foundation
import Testing

@Suite("Group members when brokers fail", .timeLimit(.minutes(1)))
struct MockConsumerTests {
    let cluster: MockCluster
    let topic = "topic"

    init() throws {
        cluster = try MockCluster()
        cluster.createTopic(topic, partitions: 4)
    }

    @Test("a member the group has forgotten loses its partitions and gets them again")
    func forgotten() throws {
        let listener = LoggingListener()
        var settings = cluster.settings
        settings.properties["heartbeat.interval.ms"] = "100"
        let consumer = try Consumer(settings, group: GroupSettings(groupID: "group"))
        try consumer.subscribe(to: [topic], listener: listener)
        #expect(
            try wait {
                _ = try consumer.poll(timeout: .milliseconds(20)); return consumer.assignment.count == 4
            })
        cluster.fail(.heartbeat, with: [RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID])
        #expect(
            try wait {
                _ = try consumer.poll(timeout: .milliseconds(20)); return listener.lost.count == 4
            })
        #expect(listener.revoked.isEmpty)
        #expect(
            try wait {
                _ = try consumer.poll(timeout: .milliseconds(20)); return consumer.assignment.count == 4
            })
        #expect(listener.assigned.count == 8)
        try consumer.close()
        #expect(listener.revoked.count == 4)
    }

    @Test("a fenced member says so at every poll, and its partitions are lost")
    func fenced() throws {
        let listener = LoggingListener()
        var settings = cluster.settings
        settings.properties["heartbeat.interval.ms"] = "100"
        let consumer = try Consumer(settings, group: GroupSettings(groupID: "group", instanceID: "a"))
        try consumer.subscribe(to: [topic], listener: listener)
        #expect(try wait { try joined(consumer) })
        cluster.fail(.heartbeat, with: [RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID])
        for _ in 0..<3 {
            let error = #expect(throws: EventLogError.self) {
                _ = try wait { try !consumer.poll(timeout: .milliseconds(20)).isEmpty }
            }
            #expect(error?.isFatal == true && error?.isFenced == true)
        }
        #expect(listener.lost.count == 4)
        #expect(consumer.assignment.isEmpty)
        _ = try? consumer.close()
        #expect(listener.revoked.isEmpty)
    }

    private func joined(_ consumer: Consumer) throws -> Bool {
        _ = try consumer.poll(timeout: .milliseconds(20))
        return consumer.assignment.count == 4
    }

    /// librdkafka 2.0 aborts the process in this case, unless its handle is left alone.
    @Test("a member may end between joining and its first assignment", arguments: [true, false])
    func endsWhileJoining(closes: Bool) throws {
        let abandoned = Consumer.abandoned
        cluster.fail(.syncGroup, with: Array(repeating: RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, count: 10_000))
        let consumer = try Consumer(cluster.settings, group: GroupSettings(groupID: "group"))
        try consumer.subscribe(to: [topic])
        #expect(try !wait(.milliseconds(1500)) { try !consumer.poll(timeout: .milliseconds(20)).isEmpty })
        #expect(consumer.assignment.isEmpty)
        guard closes else { return }
        try consumer.close()
        if rd_kafka_version() < 0x0203_00_00 { #expect(Consumer.abandoned == abandoned + 1, "it is counted") }
    }

    @Test("a member may end while its first assignment waits for it to be polled", arguments: [true, false])
    func endsUnpolled(closes: Bool) throws {
        let listener = LoggingListener()
        let consumer = try Consumer(cluster.settings, group: GroupSettings(groupID: "group"))
        try consumer.subscribe(to: [topic], listener: listener)
        // Long enough for the group to form, which librdkafka does on threads of its own.
        Thread.sleep(forTimeInterval: 4)
        if closes { try consumer.close() }
        #expect(consumer.assignment.isEmpty)
        #expect(listener.assigned.count == listener.revoked.count)
    }

    @Test("without a group there is nothing to subscribe to")
    func subscribeNeedsGroup() throws {
        let consumer = try Consumer(cluster.settings)
        let error = #expect(throws: EventLogError.self) { try consumer.subscribe(to: [topic]) }
        #expect(error?.message.contains("use assign") == true)
    }
}
