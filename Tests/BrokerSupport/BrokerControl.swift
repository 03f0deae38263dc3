import Foundation
import Support

/// A Kafka that a test may kill and start again, through Ops/broker.
public struct BrokerControl: Sendable {
    private let port: String
    private let runDirectory: String

    /// A broker on a port (`free`: on one that Ops/broker chooses), whose data lies in a folder.
    public init(port: String, runDirectory: String) {
        self.port = port
        self.runDirectory = runDirectory
    }

    /// The Apache Kafka of the tests; nil when `NOTESTREAM_KAFKA_RUN_DIR` does not say where it lies.
    public static let ofTests: BrokerControl? = {
        guard let folder = ProcessInfo.processInfo.environment["NOTESTREAM_KAFKA_RUN_DIR"],
            let port = TestBrokers.kafka.first?.servers.split(separator: ":").last
        else { return nil }
        return BrokerControl(port: String(port), runDirectory: folder)
    }()

    /// Kills it as a power cut would.
    public func kill() throws { try run("stop", "--kill") }

    /// Starts it over what it left behind, and waits until it answers.
    public func start() throws { try run("start", "--kind", "kafka", "--port", port) }

    private func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL =
            URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Ops/broker").standardizedFileURL
        process.arguments = arguments + ["--run-dir", runDirectory]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runToEnd()
        guard process.terminationStatus == 0 else {
            throw BrokerControlError(arguments: arguments, status: process.terminationStatus)
        }
    }
}

/// Ops/broker could not do it.
public struct BrokerControlError: Error, CustomStringConvertible {
    let arguments: [String]
    let status: Int32

    /// What was asked of it, and how it ended.
    public var description: String { "Ops/broker \(arguments.joined(separator: " ")) ended with \(status)" }
}
