import BrokerSupport
import Foundation
import Support
import Testing

extension IntegrationTests {
    /// Prometheus' rules and the dashboard against what a running service tells of itself.
    @Suite("Monitoring", .serialized, .timeLimit(.minutes(5)))
    struct MonitoringTests {
        private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
            .standardizedFileURL.path

        /// On PATH, or where `Ops/setup --tests` puts it.
        private static let hasPromtool: Bool = {
            let environment = ProcessInfo.processInfo.environment
            let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
            let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
            return (folders + [cache + "/notestream/promtool/usr/bin"]).contains {
                FileManager.default.isExecutableFile(atPath: $0 + "/promtool")
            }
        }()

        @Test(
            "A service that has worked tells every metric that the rules and the dashboard use",
            .enabled(if: MonitoringTests.hasPromtool, "there is no promtool: Ops/setup --tests"),
            arguments: TestBrokers.kafka)
        func everyMetricIsThere(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 16, clicks: 120)
            let token = folder.path + "/token"
            try "open sesame\n".write(toFile: token, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
            let deployment = try Deployment(
                broker, "monitoring",
                settings: ["NOTESTREAM_HTTP_LISTEN": "127.0.0.1:0", "NOTESTREAM_HTTP_TOKEN_FILE": token])
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try deployment.waitUntilDrained()
            let address = try #require(try deployment.lines("listening").first?["http"])

            let check = try Binary.run(
                ["--url", "http://\(address)", "--token-file", token], program: Self.root + "/Ops/check/monitoring")
            #expect(check.exit == 0, "\(check.errors)")
            // A wrong name would have been found: one of the service's own is taken away.
            let metrics = folder.path + "/metrics"
            let text = try RawAnswer(
                port: Int(address.split(separator: ":").last ?? "") ?? 0, "GET", "/metrics",
                headers: ["Authorization: Bearer open sesame"]
            ).body
            try text.replacing("notestream_stage_ready", with: "notestream_stage_steady").write(
                toFile: metrics, atomically: true, encoding: .utf8)
            let refused = try Binary.run(["--metrics", metrics], program: Self.root + "/Ops/check/monitoring")
            #expect(refused.exit == 1)
            #expect(refused.errors.contains("there is no notestream_stage_ready"))
            #expect(try deployment.stop().exit == 0)
        }
    }
}
