import BrokerSupport
import Foundation
import Support
import Testing

/// An Apache Kafka of the test's own that takes passwords and client certificates, started and stopped by `Ops/broker`.
final class SecureBroker: Sendable {
    /// The listener without TLS, for what the test itself looks at.
    let plain: TestBroker
    /// Where TLS and a password are asked for.
    let passwordPort: Int
    /// Where a client certificate is asked for.
    let certificatePort: Int
    private let folder: TemporaryFolder
    private var port: Int { passwordPort - 1 }

    /// Whether this machine can run one.
    static let isPossible: Bool = {
        let environment = ProcessInfo.processInfo.environment
        let files = FileManager.default
        let isInstalled = { (program: String) in
            (environment["PATH"] ?? "").split(separator: ":").contains {
                files.isExecutableFile(atPath: $0 + "/" + program)
            }
        }
        return files.fileExists(atPath: (environment["KAFKA_HOME"] ?? "/nonexistent") + "/libs")
            && ["java", "openssl"].allSatisfy(isInstalled)
    }()
    static let missing: Comment =
        "Apache Kafka is needed: KAFKA_HOME, a folder with libs/, and java and openssl on PATH"

    init() throws {
        folder = try TemporaryFolder()
        for _ in 0..<20 {
            // Below the ports that Linux gives to outgoing connections, those 10,000 higher too.
            let port = Int.random(in: 21_000..<21_990)
            let started = try Self.ops(Self.start(port, folder))
            if started.exit == 5 { continue }  // a port is taken
            guard started.exit == 0 else { throw IntegrationError("Ops/broker: \(started)") }
            plain = TestBroker(kind: .kafka, servers: "127.0.0.1:\(port)")
            passwordPort = try Self.number(in: folder.path + "/broker/sasl_ssl.port")
            certificatePort = try Self.number(in: folder.path + "/broker/ssl.port")
            #expect(started.lines.contains("sasl_ssl=127.0.0.1:\(passwordPort)"))
            #expect(started.lines.contains("ssl=127.0.0.1:\(certificatePort)"))
            return
        }
        throw IntegrationError("Ops/broker found no free port")
    }

    /// A file that Ops/certificates made.
    func file(_ name: String) -> String { folder.path + "/broker/tls/" + name }

    func password() throws -> String {
        try String(contentsOfFile: file("password"), encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// Starts the broker anew with another password for the user.
    func change(password: String) throws {
        try stop()
        try password.write(toFile: file("password"), atomically: true, encoding: .utf8)
        let started = try Self.ops(Self.start(port, folder))
        guard started.exit == 0 else { throw IntegrationError("Ops/broker: \(started)") }
    }

    func stop() throws { _ = try Self.ops(["stop", "--run-dir", folder.path + "/broker"]) }

    private static func start(_ port: Int, _ folder: TemporaryFolder) -> [String] {
        ["start", "--kind", "kafka", "--secure", "--port", "\(port)", "--run-dir", folder.path + "/broker"]
    }

    private static func ops(_ arguments: [String]) throws -> Binary.Finished {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Ops/broker")
        return try Binary.run(arguments, program: script.standardizedFileURL.path)
    }

    private static func number(in file: String) throws -> Int {
        let text = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
        return try #require(Int(text))
    }
}

/// Runs a suite with one broker, which ends with it.
struct SecureBrokerTrait: SuiteTrait, TestScoping {
    @TaskLocal static var broker: SecureBroker?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let broker = try SecureBroker()
        do {
            try await Self.$broker.withValue(broker) { try await function() }
        } catch {
            try broker.stop()
            throw error
        }
        try broker.stop()
    }
}
