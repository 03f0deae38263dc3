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
            let token = folder.path + "/token"
            try "sesame".write(toFile: token, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
            let deployment = try Deployment(
                broker, "openapi",
                settings: ["NOTESTREAM_HTTP_LISTEN": "127.0.0.1:0", "NOTESTREAM_HTTP_TOKEN_FILE": token])
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try deployment.waitUntilDrained()

            let url = try #require(deployment.lines("listening").first?["http"])
            let user = try #require(sample.clicks.max { $0.time < $1.time }).user
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "OpenAPI.py").path
            let notes = sample.notes.prefix(4).flatMap { ["--note", text($0.id)] }
            let checked = try Binary.run(
                [script, "--url", "http://\(url)", "--token", token, "--user", text(user)] + notes,
                program: PythonTools.path)
            #expect(checked.exit == 0, "\(checked.output.suffix(8_000))\(checked.errors.suffix(4_000))")
            #expect(try deployment.stop().exit == 0)
        }
    }
}
