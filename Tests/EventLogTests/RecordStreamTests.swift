import BrokerSupport
import EventLog
import Foundation
import Testing

extension BrokerTests {
    @Suite("Record stream")
    struct Streams {
        private func stream(_ broker: TestBroker, _ topic: String, permits: Int, maximum: Int) -> RecordStream {
            RecordStream(name: "test stream", permits: permits, maximum: maximum) {
                let consumer = try Consumer(broker.settings)
                try consumer.assign([TopicPartition(topic, 0): .beginning])
                return consumer
            }
        }

        @Test("a slow reader bounds what is on its way, and gets everything in order", arguments: TestBrokers.all)
        func backPressure(broker: TestBroker) async throws {
            let topic = TestBroker.uniqueName("stream")
            try broker.createTopic(topic)
            defer { try? broker.deleteTopics([topic]) }
            try broker.write((0..<1000).map { OutgoingRecord(topic, 0, "\($0)") })
            let stream = stream(broker, topic, permits: 3, maximum: 10)
            var texts: [String] = []
            var largestLead = 0
            for try await batch in stream {
                #expect(batch.count <= 10)
                texts += batch.map(\.text)
                if texts.count < 300 {
                    try await Task.sleep(for: .milliseconds(10))
                    largestLead = max(largestLead, stream.polled - texts.count)
                }
                if texts.count == 1000 { break }
            }
            #expect(texts == (0..<1000).map(String.init))
            // Three permits: one batch is with the reader, two are waiting.
            #expect(largestLead > 0)
            #expect(largestLead <= 20)
        }

        @Test("it ends when its reader is cancelled", arguments: TestBrokers.all)
        func cancellation(broker: TestBroker) async throws {
            let topic = TestBroker.uniqueName("stream")
            try broker.createTopic(topic)
            defer { try? broker.deleteTopics([topic]) }
            let stream = stream(broker, topic, permits: 2, maximum: 10)
            let reader = Task {
                var batches = 0
                for try await _ in stream { batches += 1 }
                return batches
            }
            try await Task.sleep(for: .milliseconds(200))
            reader.cancel()
            #expect(try await reader.value == 0)
        }

        @Test("an error ends it")
        func error() async throws {
            struct Refused: Error {}
            let stream = RecordStream(name: "test stream") { throw Refused() }
            await #expect(throws: Refused.self) { for try await _ in stream {} }
        }
    }
}
