import BrokerSupport
import EventLog
import Foundation
import Testing

extension BrokerTests {
    /// Who is in a group, and how far its members are.
    @Suite("Membership and lag")
    struct Membership {
        @Test(
            "a group's members are told with their client id, their name and what they were given",
            arguments: TestBrokers.all)
        func members(broker: TestBroker) throws {
            try broker.withTopic(partitions: 3) { topic in
                #expect(try Admin(broker.settings).members(ofGroup: topic + "-nobody").isEmpty)
                var settings = broker.settings
                settings.properties["client.id"] = "http://10.0.0.5:8080"
                let member = try Consumer(settings, group: GroupSettings(groupID: topic, instanceID: "a"))
                try member.subscribe(to: [topic])
                let isAssigned = try wait {
                    _ = try member.poll(timeout: .milliseconds(50))
                    return member.assignment.count == 3
                }
                #expect(isAssigned)
                let known = try Admin(broker.settings).members(ofGroup: topic)
                #expect(known.map(\.clientID) == ["http://10.0.0.5:8080"])
                #expect(known.first?.instanceID == "a")
                #expect(known.first?.partitions == member.assignment)
                try member.close()
            }
        }

        @Test(
            "lag is what lies between what was returned and the end; nothing at the end, though marks lie there",
            arguments: TestBrokers.all)
        func lag(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let producer = try broker.transactionalProducer(topic)
                try producer.begin()
                for number in 0..<10 { try producer.produce(OutgoingRecord(topic, 0, "\(number)")) }
                try producer.commit()
                let place = TopicPartition(topic, 0)
                let consumer = try Consumer(broker.settings)
                try consumer.assign([place: .beginning])
                var read = 0
                let hasSome = try wait {
                    read += try consumer.poll(maximum: 4, timeout: .milliseconds(100)).count
                    return read > 0
                }
                #expect(hasSome)
                // Of ten records and the mark of their transaction.
                let left = try #require(consumer.lag()[place])
                #expect((10 - Int64(read)...11 - Int64(read)).contains(left))
                #expect(consumer.lag { _ in 3 }[place].map { (7...8).contains($0) } == true)
                let isAtEnd = try wait {
                    read += try consumer.poll(timeout: .milliseconds(100)).count
                    return consumer.caughtUp[place] != nil
                }
                #expect(isAtEnd && read == 10)
                #expect(consumer.lag() == [place: 0])
                try consumer.close()
            }
        }
    }
}
