import Configuration
import Foundation
import Serving
import Support
import Testing

@Suite("HTTP server", .serialized, .timeLimit(.minutes(2)))
struct HTTPServerTests {
    /// Says what it was asked.
    private func serve(_ change: (inout HTTPServer.Configuration) -> Void = { _ in }) throws -> HTTPServer {
        var configuration = HTTPServer.Configuration(address: try #require(ListenAddress("127.0.0.1:0")))
        configuration.bodyLimit = 1_000
        change(&configuration)
        return try HTTPServer(configuration) { _ in
        } handle: { request in
            .now(.text("\(request.method) \(request.path) \(request.queryAll) \(request.body.count)"))
        }
    }

    @Test("a request comes as it was sent: method, path, decoded query, body")
    func requests() throws {
        let server = try serve()
        let answer = try RawAnswer(port: server.port, "POST", "/a%20b/c?k=1&name=x%26y&k=2", body: "hello")
        #expect(answer.status == 200)
        #expect(
            answer.body
                == #"POST /a%20b/c [(name: "k", value: "1"), (name: "name", value: "x&y"), (name: "k", value: "2")] 5"#)
        #expect(answer.text.contains("X-Content-Type-Options: nosniff"))
        let head = try RawAnswer(port: server.port, "HEAD", "/x")
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test("two lengths, or a length beside chunks, are refused: proxies read them otherwise")
    func smuggling() throws {
        let server = try serve()
        for headers in [
            ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 5", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ] {
            let connection = try RawConnection(port: server.port)
            let lines = ["POST / HTTP/1.1", "Host: localhost", "Connection: close"] + headers
            connection.write(lines.joined(separator: "\r\n") + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            let answer = RawAnswer(connection.readAll())
            #expect(answer.status == 400, "\(headers): \(answer.text)")
        }
    }

    @Test("bodies over the limit are refused, announced or in chunks")
    func largeBodies() throws {
        let server = try serve()
        #expect(try RawAnswer(port: server.port, "POST", "/", body: String(repeating: "x", count: 1_000)).status == 200)
        let large = try RawAnswer(port: server.port, "POST", "/", body: String(repeating: "x", count: 1_001))
        #expect(large.status == 413)
        #expect(large.text.contains("application/problem+json"))
        let connection = try RawConnection(port: server.port)
        connection.write(
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<3 { connection.write("200\r\n" + String(repeating: "y", count: 512) + "\r\n") }
        connection.write("0\r\n\r\n")
        #expect(RawAnswer(connection.readAll()).status == 413)
    }

    @Test("garbage, half requests and silence hurt nobody, and leave no connection behind")
    func badClients() throws {
        let server = try serve { $0.idleSeconds = 1 }
        var silent: [RawConnection] = []
        for text in [
            "", "GET", "\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", String(repeating: "A", count: 100_000),
        ] {
            let connection = try RawConnection(port: server.port)
            connection.write(text)
            silent.append(connection)
        }
        #expect(try RawAnswer(port: server.port, "GET", "/").status == 200)
        let end = ContinuousClock.now + .seconds(6)
        while server.connections > 0, ContinuousClock.now < end { usleep(50_000) }
        #expect(server.connections == 0)
    }

    @Test("a taken address is told with what to do; a stopped server frees it")
    func addresses() throws {
        let first = try serve()
        let taken = "127.0.0.1:\(first.port)"
        let failure = #expect(throws: HTTPServerError.self) {
            try serve { $0.address = ListenAddress(taken) ?? $0.address }
        }
        #expect(failure?.description.contains("http.listen") == true)
        first.stop()
        let second = try serve { $0.address = ListenAddress(taken) ?? $0.address }
        #expect(try RawAnswer(port: second.port, "GET", "/").status == 200)
    }

    @Test("addresses are read or refused")
    func listenAddresses() {
        #expect(ListenAddress("localhost:80")?.host == "127.0.0.1")
        #expect(ListenAddress("[::1]:80")?.isLoopback == true)
        #expect(ListenAddress("0.0.0.0:8080")?.isLoopback == false)
        for text in ["", "8080", "host.example:80", "127.0.0.1", "127.0.0.1:99999", "::1:80", "1.2.3:4"] {
            #expect(ListenAddress(text) == nil, "\(text)")
        }
    }
}
