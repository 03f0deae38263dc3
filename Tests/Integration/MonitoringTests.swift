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
            let served = try ServedDeployment(broker, "monitoring", token: "open sesame")
            let port = try served.start(workingOff: sample)

            let check = try Binary.run(
                ["--url", "http://127.0.0.1:\(port)", "--token-file", try #require(served.tokenFile)],
                program: Self.root + "/Ops/check/monitoring")
            #expect(check.exit == 0, "\(check.errors)")
            // A wrong name would have been found: one of the service's own is taken away.
            let metrics = folder.path + "/metrics"
            let text = try RawAnswer(
                port: port, "GET", "/metrics", headers: ["Authorization: Bearer open sesame"]
            ).body
            try text.replacing("notestream_stage_ready", with: "notestream_stage_steady").write(
                toFile: metrics, atomically: true, encoding: .utf8)
            let refused = try Binary.run(["--metrics", metrics], program: Self.root + "/Ops/check/monitoring")
            #expect(refused.exit == 1)
            #expect(refused.errors.contains("there is no notestream_stage_ready"))
            #expect(try served.deployment.stop().exit == 0)
        }
    }
}
