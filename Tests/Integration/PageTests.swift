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
            let served = try ServedDeployment(broker, "page", token: "open sesame")
            let port = try served.start(workingOff: sample)

            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Page/page_test.py").path
            let pictures = ProcessInfo.processInfo.environment["NOTESTREAM_PAGE_PICTURES"] ?? folder.path + "/pictures"
            let visit = try Binary.run(
                [script, "http://127.0.0.1:\(port)", pictures, "--token", "open sesame"], program: Self.python)
            #expect(visit.exit == 0, "\(visit.errors)")
            for name in ["page", "page-dark", "page-phone"] {
                #expect(FileManager.default.fileExists(atPath: "\(pictures)/\(name).png"))
            }
            #expect(try served.deployment.stop().exit == 0)
        }
    }
}
