import EventLog
import Foundation
import Synchronization
import Testing

@Suite("Client settings")
struct SettingsTests {
    private func refusal(_ properties: [String: String]) -> EventLogError? {
        #expect(throws: EventLogError.self) {
            _ = try Consumer(ClientSettings(bootstrapServers: "127.0.0.1:1", properties: properties))
        }
    }

    @Test func unknownPropertyInLibrdkafkasWords() {
        let error = refusal(["no.such.property": "1"])
        #expect(error?.message.contains("No such configuration property: \"no.such.property\"") == true)
    }

    @Test func badValueInLibrdkafkasWords() {
        let error = refusal(["fetch.wait.max.ms": "much"])
        #expect(error?.message.contains("fetch.wait.max.ms") == true)
        #expect(refusal(["security.protocol": "carrier pigeon"])?.message.contains("carrier pigeon") == true)
    }

    @Test func whatTheGuaranteesRestOnIsRefused() {
        #expect(refusal(["enable.auto.commit": "true"])?.message.contains("is set by notestream") == true)
        #expect(refusal(["isolation.level": "read_uncommitted"])?.message.contains("isolation.level") == true)
        #expect(refusal(["bootstrap.servers": "x"]) != nil)
    }

    @Test func propertiesOfAnotherKindOfClientPass() throws {
        _ = try Consumer(ClientSettings(bootstrapServers: "127.0.0.1:1", properties: ["compression.type": "lz4"]))
        _ = try Producer(ClientSettings(bootstrapServers: "127.0.0.1:1", properties: ["fetch.wait.max.ms": "10"]))
    }

    @Test func aTimeOutTellsTheLastTroubleAndTheLoggerHearsIt() throws {
        let lines = Lines()
        let settings = ClientSettings(bootstrapServers: "127.0.0.1:1", logger: { lines.add($0) })
        let admin = try Admin(settings)
        let error = #expect(throws: EventLogError.self) { try admin.topics(timeout: .milliseconds(500)) }
        #expect(error?.isRetriable == false)
        #expect(lines.texts.contains { $0.contains("Connection refused") }, "\(lines.texts)")
        let producer = try TransactionalProducer(settings, transactionalID: "t")
        let timeout = #expect(throws: EventLogError.self) { try producer.initTransactions(timeout: .seconds(1)) }
        #expect(timeout?.isTimeout == true)
        #expect(timeout?.message.contains("Connection refused") == true, "\(timeout?.message ?? "")")
    }

    @Test func durationsAreRoundedUpAndBounded() {
        #expect(Duration.microseconds(1).milliseconds == 1)
        #expect(Duration.milliseconds(250).milliseconds == 250)
        #expect(Duration.zero.milliseconds == 0)
        #expect(Duration.seconds(-1).milliseconds == 0)
        #expect(Duration.seconds(1_000_000_000).milliseconds == Int32.max)
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: LogLine) { lines.withLock { $0.append(line.message) } }
    var texts: [String] { lines.withLock { $0 } }
}
