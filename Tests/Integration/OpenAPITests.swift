import BrokerSupport
import Foundation
import Support
import Testing

extension IntegrationTests {
    /// The HTTP API against its own description.
    @Suite("OpenAPI", .serialized, .timeLimit(.minutes(5)))
    struct OpenAPITests {
        @Test(
            "Whatever is asked, the service answers as /openapi.yaml says",
            .enabled(if: PythonTools.path != nil, "needs Python packages that Ops/setup --tests installs"),
            arguments: TestBrokers.kafka)
        func conformance(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 16, clicks: 120)
            let served = try ServedDeployment(broker, "openapi", token: "sesame")
            let port = try served.start(workingOff: sample)
            let token = try #require(served.tokenFile)

            let user = try #require(sample.clicks.max { $0.time < $1.time }).user
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "OpenAPI.py").path
            let notes = sample.notes.prefix(4).flatMap { ["--note", text($0.id)] }
            let checked = try Binary.run(
                [script, "--url", "http://127.0.0.1:\(port)", "--token", token, "--user", text(user)] + notes,
                program: PythonTools.path)
            #expect(checked.exit == 0, "\(checked.output.suffix(8_000))\(checked.errors.suffix(4_000))")
            #expect(try served.deployment.stop().exit == 0)
        }
    }
}
