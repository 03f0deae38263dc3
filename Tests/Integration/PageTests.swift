import BrokerSupport
import Foundation
import Support
import Testing

extension IntegrationTests {
    /// The web page of a running service, in a browser.
    @Suite("Page", .serialized, .timeLimit(.minutes(10)))
    struct PageTests {
        /// Python with selenium and axe-core, as `Ops/setup --tests` leaves it.
        private static let python = PythonTools.path ?? ""
        private static let isPossible =
            [python, "/usr/bin/chromium", "/usr/bin/chromedriver"].allSatisfy {
                FileManager.default.isExecutableFile(atPath: $0)
            }

        @Test(
            "A reader sees it move, writes, searches and opens notes, by pointer and keyboard, with nothing that axe objects to",
            .enabled(if: isPossible, "Chromium, its driver or selenium are missing: Ops/setup --tests installs them"),
            arguments: TestBrokers.kafka.isEmpty ? TestBrokers.all : TestBrokers.kafka)
        func visit(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 40, clicks: 400)
            let token = folder.path + "/token"
            try "open sesame\n".write(toFile: token, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
            let deployment = try Deployment(
                broker, "page",
                settings: ["NOTESTREAM_HTTP_LISTEN": "127.0.0.1:0", "NOTESTREAM_HTTP_TOKEN_FILE": token])
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try deployment.waitUntilDrained()
            let address = try #require(try deployment.lines("listening").first?["http"])

            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Page/page_test.py").path
            let pictures = ProcessInfo.processInfo.environment["NOTESTREAM_PAGE_PICTURES"] ?? folder.path + "/pictures"
            let visit = try Binary.run(
                [script, "http://" + address, pictures, "--token", "open sesame"], program: Self.python)
            #expect(visit.exit == 0, "\(visit.errors)")
            for name in ["page", "page-dark", "page-phone"] {
                #expect(FileManager.default.fileExists(atPath: "\(pictures)/\(name).png"))
            }
            #expect(try deployment.stop().exit == 0)
        }
    }
}
