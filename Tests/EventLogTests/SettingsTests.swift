import CRdKafka
import EventLog
import Foundation
import Support
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
        for (name, value) in [("max.in.flight.requests.per.connection", "5"), ("enable.idempotence", "false")] {
            let error = #expect(throws: EventLogError.self) {
                _ = try Producer(ClientSettings(bootstrapServers: "127.0.0.1:1", properties: [name: value]))
            }
            #expect(error?.message.contains(name) == true)
        }
    }

    @Test func aCertificateThatIsNotThereIsNamed() {
        let error = refusal(["security.protocol": "ssl", "ssl.ca.location": "/nonexistent/ca.pem"])
        #expect(error?.message.contains("ssl.ca.location: '/nonexistent/ca.pem' cannot be read (No such") == true)
        #expect(error?.isInvalidSetting == true)
    }

    @Test func aKeyThatIsNoneIsExplained() throws {
        let folder = try TemporaryFolder()
        let key = folder.path + "/client.key"
        try "no key".write(toFile: key, atomically: true, encoding: .utf8)
        let error = refusal(["security.protocol": "ssl", "ssl.key.location": key])
        #expect(error?.message.contains("an encrypted one needs ssl.key.password") == true)
    }

    @Test func secretsAreReadForEachClientAndNeverQuoted() throws {
        let readings = Mutex(0)
        let settings = ClientSettings(
            bootstrapServers: "127.0.0.1:1", properties: ["security.protocol": "sasl_plaintext", "sasl.username": "u"],
            secrets: { () throws(EventLogError) in
                readings.withLock { $0 += 1 }
                return ["sasl.mechanism": "PLAIN", "sasl.password": "hunter2"]
            })
        _ = try Admin(settings)
        _ = try Consumer(settings)
        #expect(readings.withLock { $0 } == 2)
        var bad = settings
        // librdkafka quotes values that it does not take.
        bad.secrets = { () throws(EventLogError) in ["security.protocol": "hunter2"] }
        let error = #expect(throws: EventLogError.self) { try Admin(bad) }
        #expect(error?.message.contains("security.protocol") == true)
        #expect(error?.message.contains("hunter2") == false)
        bad.secrets = { () throws(EventLogError) in throw .unreadableSecret("there is none") }
        #expect(throws: EventLogError.unreadableSecret("there is none")) { try Admin(bad) }
    }

    @Test func anOldLibrarysSCRAMIsWarnedOf() {
        func warnings(_ properties: [String: String]) -> [String] {
            ClientSettings(bootstrapServers: "127.0.0.1:1", properties: properties).warnings
        }
        let isOld = rd_kafka_version() < 0x0206_01_00
        #expect(warnings(["sasl.mechanism": "SCRAM-SHA-512"]).contains { $0.contains("2.6.1") } == isOld)
        #expect(warnings(["sasl.mechanisms": "scram-sha-256"]).isEmpty == !isOld)
        #expect(warnings(["sasl.mechanism": "PLAIN"]).isEmpty)
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
