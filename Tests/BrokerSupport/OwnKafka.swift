import Foundation
import Support

/// An Apache Kafka of a test's own, which may be killed.
public final class OwnKafka {
    /// How tests reach it.
    public let broker: TestBroker
    private let folder: TemporaryFolder
    private let control: BrokerControl

    /// Whether one can be started here.
    public static let isPossible = ProcessInfo.processInfo.environment["KAFKA_HOME"] != nil
    /// Why none can.
    public static let missing = "set KAFKA_HOME to a folder with Apache Kafka's libs/"

    /// Starts it on a port that is free, which it keeps.
    public init() throws {
        folder = try TemporaryFolder()
        try BrokerControl(port: "free", runDirectory: folder.path).start()
        let port = try String(contentsOfFile: folder.path + "/port", encoding: .utf8).filter(\.isNumber)
        broker = TestBroker(kind: .kafka, servers: "127.0.0.1:\(port)")
        control = BrokerControl(port: port, runDirectory: folder.path)
    }

    /// Kills it as a power cut would.
    public func kill() throws { try control.kill() }

    /// Starts it over what it left behind.
    public func start() throws { try control.start() }

    deinit { try? control.kill() }
}
