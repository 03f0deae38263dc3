import BrokerSupport
import EventLog
import Foundation
import Testing

extension BrokerTests {
    @Suite("Groups")
    struct Groups {
        /// One stage of a group: reads, and commits what it has read in transactions of its own.
        final class Member {
            let listener = LoggingListener()
            let consumer: Consumer
            let producer: TransactionalProducer
            /// What has been read and committed.
            var seen: [Record] = []
            private var uncommitted: [Record] = []
            /// Where to read again, after a commit that the group refused since it had just moved on.
            private var rewind: [TopicPartition: Int64] = [:]

            init(_ broker: TestBroker, _ topic: String, _ instance: String) throws {
                consumer = try Consumer(broker.settings, group: GroupSettings(groupID: topic, instanceID: instance))
                producer = try broker.transactionalProducer("\(topic)/\(instance)")
                listener.onRevoked = { [unowned self] in try commit() }
                try consumer.subscribe(to: [topic], listener: listener)
            }

            func step(_ timeout: Duration = .milliseconds(20)) throws {
                let records = try consumer.poll(maximum: 20, timeout: timeout)
                for record in records { #expect(consumer.assignment.contains(record.topicPartition)) }
                uncommitted += records
                if rewind.isEmpty { try commit() } else { giveUp() }
                try consumer.seek(
                    rewind.filter { consumer.assignment.contains($0.key) }.mapValues { .offset($0) })
                rewind = [:]
            }

            private func commit() throws {
                guard !uncommitted.isEmpty else { return }
                let offsets = uncommitted.reduce(into: [:]) {
                    $0[$1.topicPartition] = CommittedOffset(offset: $1.offset + 1)
                }
                try producer.begin()
                do {
                    try producer.sendOffsets(offsets, of: consumer)
                } catch {
                    guard error.isStaleMember else { throw error }
                    try producer.abort()
                    return giveUp()
                }
                try producer.commit()
                seen += uncommitted
                uncommitted = []
            }

            private func giveUp() {
                for record in uncommitted {
                    let place = record.topicPartition
                    rewind[place] = min(rewind[place] ?? .max, record.offset)
                }
                uncommitted = []
            }
        }

        @Test("a second member takes its share while records flow: none lost, none twice", arguments: TestBrokers.all)
        func cooperative(broker: TestBroker) throws {
            try broker.withTopic(partitions: 4) { topic in
                let writer = try Producer(broker.settings)
                var written = 0
                func write() throws {
                    for _ in 0..<8 {
                        try writer.produce(OutgoingRecord(topic, Int32(written % 4), "\(written)"))
                        written += 1
                    }
                }
                let first = try Member(broker, topic, "a")
                #expect(
                    try wait {
                        try first.step(); return first.consumer.assignment.count == 4
                    })
                for _ in 0..<20 { try write(); try first.step() }
                let second = try Member(broker, topic, "b")
                #expect(
                    try wait {
                        try write()
                        try first.step()
                        try second.step()
                        return first.consumer.assignment.count == 2 && second.consumer.assignment.count == 2
                    })
                for _ in 0..<20 { try write(); try first.step(); try second.step() }
                // Cooperative: what stays is never taken away in between.
                #expect(first.listener.revoked.count == 2)
                #expect(first.listener.lost.isEmpty && second.listener.lost.isEmpty)
                #expect(Set(first.listener.revoked) == Set(second.listener.assigned))
                try writer.flush()
                #expect(
                    try wait {
                        try first.step(); try second.step(); return first.seen.count + second.seen.count >= written
                    })
                let numbers = (first.seen + second.seen).compactMap { Int($0.text) }.sorted()
                #expect(numbers == Array(0..<written))
                try first.consumer.close()
                try second.consumer.close()
                #expect(Set(second.listener.revoked) == Set(second.listener.assigned), "close gives everything up")
            }
        }

        @Test("a static member that comes back keeps its partitions", arguments: TestBrokers.all)
        func staticMember(broker: TestBroker) throws {
            try broker.withTopic(partitions: 4) { topic in
                let first = try Member(broker, topic, "a")
                var second: Member? = try Member(broker, topic, "b")
                func both() throws { try first.step(); try second?.step() }
                #expect(
                    try wait {
                        try both();
                        return second?.consumer.assignment.count == 2 && first.consumer.assignment.count == 2
                    })
                let owned = second?.consumer.assignment
                let changes = first.listener.assigned.count + first.listener.revoked.count
                // As a crash: no leaving.
                second = nil
                for _ in 0..<5 { try first.step() }
                second = try Member(broker, topic, "b")
                #expect(
                    try wait {
                        try both(); return second?.consumer.assignment.count == 2
                    })
                // The embedded broker may deal anew.
                if broker.kind == .kafka { #expect(second?.consumer.assignment == owned) }
                #expect(
                    first.listener.assigned.count + first.listener.revoked.count == changes,
                    "the other was not disturbed")
                try first.consumer.close()
                try second?.consumer.close()
            }
        }

        @Test("a member that died is taken over after its session", arguments: TestBrokers.kafka)
        func takeOver(broker: TestBroker) throws {
            try broker.withTopic(partitions: 2) { topic in
                let first = try Member(broker, topic, "a")
                var second: Member? = try Member(broker, topic, "b")
                #expect(
                    try wait {
                        try first.step(); try second?.step(); return second?.consumer.assignment.count == 1
                    })
                second = nil
                #expect(
                    try wait {
                        try first.step(); return first.consumer.assignment.count == 2
                    })
                try first.consumer.close()
            }
        }

        @Test("a second member of one name fences the first", arguments: TestBrokers.kafka)
        func fencedInstance(broker: TestBroker) throws {
            try broker.withTopic { topic in
                let first = try Member(broker, topic, "a")
                #expect(
                    try wait {
                        try first.step(); return first.consumer.assignment.count == 1
                    })
                let second = try Member(broker, topic, "a")
                let error = #expect(throws: EventLogError.self) {
                    _ = try wait {
                        try second.step(); try first.step(); return false
                    }
                }
                #expect(error?.isFenced == true)
                #expect(error?.isFatal == true)
                #expect(
                    try wait {
                        try second.step(); return second.consumer.assignment.count == 1
                    })
                #expect(first.listener.lost.count == 1)
                #expect(first.consumer.assignment.isEmpty)
                #expect(throws: EventLogError.self) { try first.consumer.close() }
                #expect(first.listener.revoked.isEmpty, "nothing of a fenced member's can be committed")
                try second.consumer.close()
            }
        }

        @Test("partitions given by hand beside the group's own", arguments: TestBrokers.all)
        func besides(broker: TestBroker) throws {
            try broker.withTopic(partitions: 2) { own in
                try broker.withTopic("table", partitions: 2) { table in
                    let first = try Member(broker, own, "a")
                    let tables = [TopicPartition(table, 0), TopicPartition(table, 1)]
                    try broker.write(tables.map { OutgoingRecord(table, $0.partition, "row") })
                    try first.consumer.assign([tables[0]: .beginning, tables[1]: .beginning])
                    var records: [Record] = []
                    #expect(
                        try wait {
                            records += try first.consumer.poll(timeout: .milliseconds(50))
                            return records.count == 2 && first.consumer.assignment.count == 4
                        })
                    let second = try Member(broker, own, "b")
                    #expect(
                        try wait {
                            records += try first.consumer.poll(timeout: .milliseconds(20))
                            try second.step()
                            return second.consumer.assignment.count == 1
                        })
                    try broker.write([OutgoingRecord(table, 1, "late row")])
                    #expect(
                        try wait {
                            records += try first.consumer.poll(timeout: .milliseconds(50)); return records.count >= 3
                        })
                    #expect(records.map(\.text).sorted() == ["late row", "row", "row"])
                    #expect(first.consumer.assignment.isSuperset(of: tables))
                    #expect(!first.listener.revoked.contains { $0.topic == table })
                    try first.consumer.close()
                    try second.consumer.close()
                }
            }
        }

        @Test("what the listener throws comes out of the poll, and nothing is read", arguments: TestBrokers.all)
        func listenerThrows(broker: TestBroker) throws {
            struct Refused: Error {}
            try broker.withTopic { topic in
                try broker.write([OutgoingRecord(topic, 0, "1")])
                let listener = LoggingListener()
                listener.onAssigned = { throw Refused() }
                let consumer = try Consumer(broker.settings, group: GroupSettings(groupID: topic, instanceID: "a"))
                try consumer.subscribe(to: [topic], listener: listener)
                #expect(throws: Refused.self) {
                    _ = try wait { try !consumer.poll(timeout: .milliseconds(50)).isEmpty }
                }
                #expect(consumer.assignment.isEmpty)
                #expect(try consumer.read(1, within: .milliseconds(500)).isEmpty)
                try consumer.close()
            }
        }

        @Test("a topic that is not there is said so, and reading goes on when it comes", arguments: TestBrokers.kafka)
        func missingTopic(broker: TestBroker) throws {
            let topic = TestBroker.uniqueName("late")
            var settings = broker.settings
            settings.properties["topic.metadata.refresh.interval.ms"] = "500"
            let consumer = try Consumer(settings, group: GroupSettings(groupID: topic))
            try consumer.subscribe(to: [topic])
            let error = #expect(throws: EventLogError.self) {
                _ = try wait { try !consumer.poll(timeout: .milliseconds(50)).isEmpty }
            }
            #expect(error?.isUnknownTopic == true)
            #expect(error?.topic == topic)
            try broker.createTopic(topic)
            defer { try? broker.deleteTopics([topic]) }
            try broker.write([OutgoingRecord(topic, 0, "there")])
            #expect(try consumer.read(1).map(\.text) == ["there"])
            try consumer.close()
        }
    }
}
