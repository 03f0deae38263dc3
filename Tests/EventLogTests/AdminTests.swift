import BrokerSupport
import EventLog
import Testing

extension BrokerTests {
    @Suite("Admin")
    struct AdminCalls {
        @Test("topics are made, listed, described and deleted", arguments: TestBrokers.all)
        func topics(broker: TestBroker) throws {
            let admin = try Admin(broker.settings)
            let names = [TestBroker.uniqueName("one"), TestBroker.uniqueName("two")]
            try admin.createTopics([
                NewTopic(names[0], partitions: 3, replication: 1, configuration: ["cleanup.policy": "compact"]),
                NewTopic(names[1], partitions: 1),
            ])
            let found = try admin.topics()
            #expect(found[names[0]]?.partitions == 3)
            #expect(found[names[0]]?.replication == 1)
            #expect(found[names[1]]?.partitions == 1)
            #expect(!found.keys.contains { $0.hasPrefix("__") })
            let settings = try admin.configuration(of: names)
            #expect(settings[names[0]]?["cleanup.policy"]?.value == "compact")
            #expect(settings[names[0]]?["cleanup.policy"]?.isDefault == false)
            #expect(settings[names[1]]?["cleanup.policy"]?.value == "delete")

            let again = #expect(throws: EventLogError.self) {
                try admin.createTopics([NewTopic(names[1], partitions: 1)])
            }
            #expect(again?.isTopicAlreadyThere == true)
            #expect(again?.topic == names[1])
            try admin.deleteTopics(names)
            #expect(try wait { try admin.topics()[names[0]] == nil })
            let missing = #expect(throws: EventLogError.self) { try admin.deleteTopics(names) }
            #expect(missing?.isUnknownTopic == true)
        }

        @Test("records are deleted from the log's start", arguments: TestBrokers.kafka)
        func deleteRecords(broker: TestBroker) throws {
            try broker.withTopic(partitions: 2) { topic in
                try broker.write((0..<20).map { OutgoingRecord(topic, Int32($0 % 2), "\($0)") })
                let admin = try Admin(broker.settings)
                try admin.deleteRecords(before: [TopicPartition(topic, 0): 4])
                #expect(
                    try admin.watermarks(ofTopic: topic, partitions: 2) == [
                        TopicPartition(topic, 0): Watermarks(low: 4, high: 10),
                        TopicPartition(topic, 1): Watermarks(low: 0, high: 10),
                    ])
                // A position below the log's start: "earliest" goes on with what is left, "error" says so.
                var settings = broker.settings
                let lenient = try Consumer(settings)
                try lenient.assign([TopicPartition(topic, 0): .offset(1)])
                #expect(try lenient.readToEnd().map(\.offset) == Array(4..<10))
                try lenient.close()
                settings.properties["auto.offset.reset"] = "error"
                let strict = try Consumer(settings)
                try strict.assign([TopicPartition(topic, 0): .offset(1)])
                let error = #expect(throws: EventLogError.self) { try strict.read(1) }
                #expect(error?.isOffsetOutOfRange == true)
                #expect(error?.topic == topic && error?.partition == 0)
                try strict.close()
            }
        }

        @Test("an unknown group has no offsets", arguments: TestBrokers.all)
        func unknownGroup(broker: TestBroker) throws {
            #expect(try Admin(broker.settings).groupOffsets(TestBroker.uniqueName("nobody")).isEmpty)
        }
    }
}
