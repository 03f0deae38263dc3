import Configuration
import Foundation
import Serving
import Support
import Testing

@Suite("TLS", .serialized, .timeLimit(.minutes(1)))
struct TLSTests {
    /// Runs a program to its end; answers what it wrote.
    private func run(_ program: String, _ arguments: [String], input: String = "") throws -> (exit: Int32, text: String)
    {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardInput = try file(input)
        let text = try process.outputOfRun()
        return (process.terminationStatus, text)
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ text: String) throws -> FileHandle {
        let path = folder.path + "/input"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try #require(FileHandle(forReadingAtPath: path))
    }

    private func serve() throws -> HTTPServer {
        let made = try run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                folder.path + "/key.pem", "-out", folder.path + "/cert.pem",
            ])
        try #require(made.exit == 0, "\(made.text)")
        var configuration = HTTPServer.Configuration(address: try #require(ListenAddress("127.0.0.1:0")))
        configuration.heartbeat = .milliseconds(150)
        configuration.tls = .init(
            certificate: try String(contentsOfFile: folder.path + "/cert.pem", encoding: .utf8),
            key: try String(contentsOfFile: folder.path + "/key.pem", encoding: .utf8))
        let router = Router(
            [
                .init("GET", "/quick") { _, _ in .text("quick") },
                .init("GET", "/wait", waits: .stage) { _, _ in
                    usleep(50_000)
                    return .text("waited")
                },
                .init("GET", "/stream") { _, _ in
                    let lines = Lines()
                    lines.add("data: hello\n\n")
                    DispatchQueue.global().asyncAfter(deadline: .now() + 0.6) {
                        lines.add("data: again\n\n")
                        lines.finish()
                    }
                    return .events(lines)
                },
            ], token: nil, metrics: HTTPMetrics())
        return try HTTPServer(configuration) { _ in
        } handle: {
            router.answer($0)
        }
    }

    @Test("answers, waits and streams over TLS; versions before 1.2 are refused")
    func served() throws {
        let server = try serve()
        func curl(_ path: String, _ more: String...) throws -> (exit: Int32, text: String) {
            try run(
                "curl",
                ["-sS", "--max-time", "10", "--cacert", folder.path + "/cert.pem"] + more + [
                    "https://localhost:\(server.port)\(path)"
                ])
        }
        #expect(try curl("/quick").text == "quick")
        #expect(try curl("/wait").text == "waited")
        let stream = try curl("/stream").text
        #expect(stream.hasPrefix("data: hello\n\n:\n\n"))
        #expect(stream.hasSuffix("data: again\n\n"))
        #expect(try curl("/quick", "--tls-max", "1.1").exit != 0)
        #expect(try RawAnswer(port: server.port, "GET", "/quick").status == 0)
        #expect(try curl("/quick", "--tlsv1.3").text == "quick")
    }

    @Test("a certificate that is none is told at the start")
    func wrong() throws {
        var configuration = HTTPServer.Configuration(address: try #require(ListenAddress("127.0.0.1:0")))
        configuration.tls = .init(certificate: "none", key: "none")
        let failure = #expect(throws: HTTPServerError.self) {
            try HTTPServer(configuration) { _ in
            } handle: { _ in
                .now(.text(""))
            }
        }
        #expect(failure?.description.contains("http.certificate") == true)
    }
}
