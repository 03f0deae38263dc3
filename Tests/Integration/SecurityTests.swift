import Foundation
import Support
import Testing

extension IntegrationTests {
    /// The program against a broker that lets in only who proves who they are.
    @Suite(
        "Security", .serialized, .timeLimit(.minutes(5)), .enabled(if: SecureBroker.isPossible, SecureBroker.missing),
        SecureBrokerTrait())
    struct SecurityTests {
        let broker: SecureBroker
        let folder: TemporaryFolder

        init() throws {
            broker = try #require(SecureBrokerTrait.broker)
            folder = try TemporaryFolder()
        }

        // MARK: - Let in

        @Test("A password over TLS, also one that is changed while the service runs; then a client certificate")
        func letIn() throws {
            let secret = try secretFile(broker.password())
            let byPassword = try Deployment(broker.plain, "password", settings: passwordAccess(secret))
            let sample = try SampleLog.simulated(into: folder, notes: 12, clicks: 60)
            try byPassword.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try expectLists(byPassword, sample)

            let old = try broker.password()
            let new = UUID().uuidString
            try broker.change(password: new)
            let tells = try wait(.seconds(30)) {
                try byPassword.requireRunning()
                return try byPassword.lines("the session with the broker ended; starting another").contains {
                    $0["error"]?.contains("the broker refused user 'notestream': check sasl.username and sasl.password")
                        == true
                }
            }
            #expect(tells, "the service says why it is cut off")
            _ = try secretFile(new)
            let late = try note("late", "A couchette that came late")
            try byPassword.succeed("publish", "--notes", late)
            let isListed = try wait(.seconds(40), pause: .seconds(1)) {
                try byPassword.requireRunning()
                return try byPassword.command("related", "late").exit == 0
            }
            #expect(isListed, "the service goes on with the new password")
            let log = try #require(byPassword.instances[Deployment.first]).errors()
            #expect(log.contains("\"level\":\"debug\""))
            for secret in [old, new] { #expect(!log.contains(secret)) }
            #expect(try byPassword.stop().exit == 0)

            let byCertificate = try Deployment(broker.plain, "certificate", settings: certificateAccess("client"))
            try byCertificate.takeModels(byPassword.modelRecords())
            try expectLists(byCertificate, sample)
            #expect(try byCertificate.stop().exit == 0)
        }

        /// Publishes a log, runs the service and looks a list up.
        private func expectLists(_ deployment: Deployment, _ sample: SampleLog) throws {
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try deployment.start()
            try deployment.waitUntilDrained()
            let id = try #require(sample.notes.first?.id)
            let list = try deployment.succeed("related", String(decoding: id, as: UTF8.self))
            #expect(list.lines.count > 1, "\(list)")
        }

        // MARK: - Refused

        @Test("Who is refused is told why, and which setting to look at", arguments: Refused.all)
        private func refused(_ refused: Refused) throws {
            let environment = try refused.environment(self)
            let start = ContinuousClock.now
            let running = try Binary.Running(refused.command, environment)
            let ended = wait(.seconds(20)) { !running.process.isRunning }
            if !ended { running.send(SIGKILL) }
            running.waitUntilExit()
            let errors = try running.errors()
            #expect(ended, "it goes on trying: \(errors)")
            #expect(running.process.terminationStatus == refused.exit, "\(errors)")
            #expect(ContinuousClock.now - start < .seconds(8))
            for words in refused.says { #expect(errors.contains(words), "\(errors)") }
            #expect(errors.split(separator: "\n").count == 1, "one line says it: \(errors)")
            #expect(try running.output().isEmpty)
            #expect(!errors.contains(try broker.password()))
        }

        // MARK: - Secrets

        @Test("Not even librdkafka's debug lines show a secret", arguments: [true, false])
        func debugging(inFile: Bool) throws {
            let password = try broker.password()
            let keyPassword = UUID().uuidString
            var environment = try passwordAccess(secretFile(password))
            environment["NOTESTREAM_KAFKA_CLIENT_DEBUG"] = "all"
            environment["NOTESTREAM_KAFKA_CLIENT_SSL_KEY_PASSWORD"] = keyPassword
            if !inFile {
                environment["NOTESTREAM_KAFKA_SECRETS_SASL_PASSWORD"] = nil
                environment["NOTESTREAM_KAFKA_CLIENT_SASL_PASSWORD"] = password
            }
            for (sent, exit) in [(password, Int32(1)), (password + "-wrong", 69)] {
                if inFile {
                    _ = try secretFile(sent)
                } else {
                    environment["NOTESTREAM_KAFKA_CLIENT_SASL_PASSWORD"] = sent
                }
                let finished = try Binary.run(["topics", "check"], environment)
                #expect(finished.exit == exit, "no topic is there: \(finished)")
                #expect(finished.errors.contains("sasl.password = [redacted]"), "librdkafka tells its settings")
                for secret in [password, keyPassword] {
                    #expect(!(finished.errors + finished.output).contains(secret))
                    #expect(!finished.errors.contains(Data(secret.utf8).base64EncodedString()))
                }
            }
        }

        @Test("A secret that every user can read is warned of")
        func openSecret() throws {
            let path = try secretFile(broker.password(), mode: 0o644)
            let finished = try Binary.run(["topics", "check"], passwordAccess(path))
            #expect(finished.exit == 1, "no topic is there: \(finished)")
            #expect(finished.errors.contains("\(path) can be read by every user"))
        }

        // MARK: - Access

        private func secretFile(_ password: String, mode: Int = 0o600) throws -> String {
            let path = folder.path + "/password"
            try (password + "\n").write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            return path
        }

        private func note(_ id: String, _ title: String) throws -> String {
            let path = folder.path + "/\(id).jsonl"
            try #"{"id": "\#(id)", "title": "\#(title)", "content": "", "created_at": "2024-01-09T00:00:00Z"}"#
                .write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }

        /// A configuration file as the documentation shows it, and the port.
        fileprivate func passwordAccess(_ secret: String, authority: String = "ca") throws -> [String: String] {
            let path = folder.path + "/notestream-\(authority).yaml"
            try """
            kafka:
              client:
                security.protocol: SASL_SSL
                sasl.mechanism: PLAIN
                sasl.username: notestream
                ssl.ca.location: \(broker.file(authority + ".pem"))
            log: {level: debug}
            """.write(toFile: path, atomically: true, encoding: .utf8)
            return [
                "NOTESTREAM_CONFIG": path, "NOTESTREAM_KAFKA_SECRETS_SASL_PASSWORD": secret,
                "NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:\(broker.passwordPort)",
            ]
        }

        fileprivate func certificateAccess(_ name: String) throws -> [String: String] {
            let path = folder.path + "/notestream-\(name).yaml"
            try """
            kafka:
              bootstrap_servers: 127.0.0.1:\(broker.certificatePort)
              client:
                security.protocol: SSL
                ssl.ca.location: \(broker.file("ca.pem"))
                ssl.certificate.location: \(broker.file(name + ".pem"))
                ssl.key.location: \(broker.file(name + ".key"))
            """.write(toFile: path, atomically: true, encoding: .utf8)
            return [
                "NOTESTREAM_CONFIG": path, "NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:\(broker.certificatePort)",
            ]
        }

        /// Someone whom the broker does not let in, or who does not trust it.
        fileprivate struct Refused: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var command = ["run"]
            var exit: Int32 = 69
            var says: [String]
            var environment: @Sendable (SecurityTests) throws -> [String: String]

            static let all = [
                Refused(
                    testDescription: "a wrong password",
                    says: ["refused user 'notestream'", "check sasl.username and sasl.password"]
                ) { try $0.passwordAccess($0.secretFile("wrong")) },
                Refused(
                    testDescription: "a wrong password, to a command", command: ["topics", "apply"],
                    says: ["refused user 'notestream'", "check sasl.username and sasl.password"]
                ) { try $0.passwordAccess($0.secretFile("wrong")) },
                Refused(
                    testDescription: "a broker certified by an unknown authority",
                    says: ["the broker's certificate could not be verified", "foreign-ca.pem", "check ssl.ca.location"]
                ) { try $0.passwordAccess($0.secretFile($0.broker.password()), authority: "foreign-ca") },
                Refused(
                    testDescription: "an expired client certificate",
                    says: [
                        "refused the client certificate", "expired.pem", "has not expired", "ssl.certificate.location",
                    ]
                ) { try $0.certificateAccess("expired") },
                Refused(
                    testDescription: "a client certificate of another authority",
                    says: ["refused the client certificate", "foreign.pem", "signed by an authority"]
                ) { try $0.certificateAccess("foreign") },
                Refused(
                    testDescription: "no client certificate", command: ["models", "list"],
                    says: ["wants a client certificate", "set ssl.certificate.location and ssl.key.location"]
                ) {
                    [
                        "NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:\($0.broker.certificatePort)",
                        "NOTESTREAM_KAFKA_CLIENT_SECURITY_PROTOCOL": "SSL",
                        "NOTESTREAM_KAFKA_CLIENT_SSL_CA_LOCATION": $0.broker.file("ca.pem"),
                    ]
                },
                Refused(
                    testDescription: "a client without TLS on a port for TLS",
                    says: ["hung up on a client without TLS", "check security.protocol"]
                ) { ["NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:\($0.broker.passwordPort)"] },
                Refused(
                    testDescription: "a client with TLS on a port without",
                    command: ["publish", "--tick", "2024-01-01T00:00:00Z"],
                    says: ["does not speak TLS here", "check security.protocol and the port"]
                ) {
                    [
                        "NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": $0.broker.plain.servers,
                        "NOTESTREAM_KAFKA_CLIENT_SECURITY_PROTOCOL": "SSL",
                    ]
                },
                Refused(
                    testDescription: "a mechanism that the broker does not offer",
                    says: ["does not offer SASL mechanism 'SCRAM-SHA-256'", "check sasl.mechanism"]
                ) {
                    try $0.passwordAccess($0.secretFile($0.broker.password())).merging(
                        ["NOTESTREAM_KAFKA_CLIENT_SASL_MECHANISM": "SCRAM-SHA-256", "NOTESTREAM_LOG_LEVEL": "error"]
                    ) { $1 }
                },
                Refused(
                    testDescription: "a secret that is not there", exit: 78,
                    says: ["/nonexistent/secret", "kafka.secrets.sasl.password", "cannot be read"]
                ) { try $0.passwordAccess("/nonexistent/secret") },
            ]
        }
    }
}
