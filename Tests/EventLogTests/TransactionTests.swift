import BrokerSupport
import EventLog
import Foundation
import Testing

extension BrokerTests {
    @Suite("Transactions")
    struct Transactions {
        @Test("committed records are seen, aborted ones never", arguments: TestBrokers.all)
        func commitAndAbort(broker: TestBroker) throws {
            try broker.withTopic(partitions: 2) { topic in
                let producer = try broker.transactionalProducer(topic)
                for round in 0..<6 {
                    try producer.begin()
                    for n in 0..<10 { try producer.produce(OutgoingRecord(topic, Int32(n % 2), "\(round)")) }
                    if round.isMultiple(of: 2) { try producer.commit() } else { try producer.abort() }
                    #expect(!producer.isOpen)
                }
                for partition in [Int32(0), 1] {
                    let texts = try broker.committedTexts(topic, partition)
                    #expect(texts == ["0", "2", "4"].flatMap { Array(repeating: $0, count: 5) })
                }
                // Aborting without an open transaction is nothing.
                try producer.abort()
            }
        }

        /// Without a flush in `abort`, about one in three of these ends the producer.
        @Test("an abort right behind a record does not cost the producer", arguments: TestBrokers.all)
        func abortAtOnce(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let producer = try broker.transactionalProducer(topic)
                for round in 0..<20 {
                    try producer.begin()
                    try producer.produce(OutgoingRecord(topic, 0, "\(round)"))
                    try producer.abort()
                }
                try producer.begin()
                try producer.produce(OutgoingRecord(topic, 0, "kept"))
                try producer.commit()
                #expect(try broker.committedTexts(topic) == ["kept"])
            }
        }

        @Test("offsets and metadata go with the transaction", arguments: TestBrokers.all)
        func offsets(broker: TestBroker) throws {
            try broker.withTopic(partitions: 2) { topic in
                let group = TestBroker.uniqueName("group")
                let (first, second) = (TopicPartition(topic, 0), TopicPartition(topic, 1))
                let consumer = try Consumer(broker.settings, group: GroupSettings(groupID: group, instanceID: "a"))
                try consumer.subscribe(to: [topic])
                #expect(
                    try wait {
                        _ = try consumer.poll(timeout: .milliseconds(50)); return consumer.assignment.count == 2
                    })
                #expect(try consumer.committed([first, second]).isEmpty)

                let producer = try broker.transactionalProducer(group + "/a")
                try producer.begin()
                try producer.produce(OutgoingRecord(topic, 0, "one"))
                let kept = [
                    first: CommittedOffset(offset: 7, metadata: "3 timers é"), second: CommittedOffset(offset: 0),
                ]
                try producer.sendOffsets(kept, of: consumer)
                try producer.commit()
                #expect(try consumer.committed([first, second]) == kept)

                try producer.begin()
                try producer.produce(OutgoingRecord(topic, 0, "two"))
                try producer.sendOffsets([first: CommittedOffset(offset: 8, metadata: "x")], of: consumer)
                try producer.abort()
                #expect(try consumer.committed([first, second]) == kept)
                #expect(try Admin(broker.settings).groupOffsets(group) == kept)
                #expect(try broker.committedTexts(topic) == ["one"])
                try consumer.close()
            }
        }

        @Test("committed() waits for a commit that is under way", arguments: TestBrokers.kafka)
        func waitsForOpenOffsets(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let place = TopicPartition(topic, 0)
                let consumer = try Consumer(broker.settings, group: GroupSettings(groupID: topic, instanceID: "a"))
                try consumer.subscribe(to: [topic])
                #expect(
                    try wait {
                        _ = try consumer.poll(timeout: .milliseconds(50)); return consumer.assignment.count == 1
                    })
                let producer = try broker.transactionalProducer(topic + "/a")
                try producer.begin()
                try producer.sendOffsets([place: CommittedOffset(offset: 5)], of: consumer)
                let error = #expect(throws: EventLogError.self) {
                    try consumer.committed([place], timeout: .milliseconds(600))
                }
                #expect(error?.isTimeout == true || error?.name == "UNSTABLE_OFFSET_COMMIT")
                try producer.commit()
                #expect(try consumer.committed([place]) == [place: CommittedOffset(offset: 5)])
                try consumer.close()
            }
        }

        @Test("a zombie is fenced, and a new producer goes on", arguments: TestBrokers.all)
        func fencing(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let zombie = try broker.transactionalProducer(topic)
                try zombie.begin()
                try zombie.produce(OutgoingRecord(topic, 0, "zombie"))
                let successor = try broker.transactionalProducer(topic)
                let error = #expect(throws: EventLogError.self) {
                    try zombie.commit()
                }
                #expect(error?.isFenced == true, "\(error.map(String.init(describing:)) ?? "")")
                #expect(error?.isFatal == true)
                #expect(error?.requiresNewProducer == true)
                #expect(error?.requiresAbort == false)
                try successor.begin()
                try successor.produce(OutgoingRecord(topic, 0, "successor"))
                try successor.commit()
                #expect(try broker.committedTexts(topic) == ["successor"])
            }
        }

        @Test("a new producer settles what a vanished one left open", arguments: TestBrokers.all)
        func vanished(broker: TestBroker) throws {
            try broker.withTopic { topic in
                do {
                    let producer = try broker.transactionalProducer(topic)
                    try producer.begin()
                    try producer.produce(OutgoingRecord(topic, 0, "open"))
                    Thread.sleep(forTimeInterval: 0.3)
                }
                let producer = try broker.transactionalProducer(topic)
                try producer.begin()
                try producer.produce(OutgoingRecord(topic, 0, "settled"))
                try producer.commit()
                #expect(try broker.committedTexts(topic) == ["settled"])
            }
        }

        @Test("a record refused for its size leaves the transaction as it was", arguments: TestBrokers.all)
        func refusedRecord(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let producer = try broker.transactionalProducer(topic)
                try producer.begin()
                try producer.produce(OutgoingRecord(topic, 0, "small"))
                let large = OutgoingRecord(topic: topic, key: nil, value: [UInt8](repeating: 1, count: 21_000_000))
                let error = #expect(throws: EventLogError.self) { try producer.produce(large) }
                #expect(error?.requiresAbort == false && error?.requiresNewProducer == false)
                try producer.commit()
                #expect(try broker.committedTexts(topic) == ["small"])
            }
        }

        @Test("a record that cannot be delivered fails the commit, by name", arguments: TestBrokers.all)
        func undeliverable(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let producer = try broker.transactionalProducer(topic)
                try producer.begin()
                try producer.produce(OutgoingRecord(topic, 0, "good"))
                let error = #expect(throws: EventLogError.self) {
                    try producer.produce(OutgoingRecord(topic, 9, "no such partition"))
                    try producer.commit()
                }
                #expect(error?.isUnknownTopic == true)
                try producer.abort()
                try producer.begin()
                try producer.produce(OutgoingRecord(topic, 0, "after"))
                try producer.commit()
                #expect(try broker.committedTexts(topic) == ["after"])
            }
        }
    }
}
