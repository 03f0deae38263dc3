import Configuration
import Foundation
import Serving
import Support
import Synchronization
import Testing

@Suite("Requests that mean harm", .serialized, .timeLimit(.minutes(2)))
struct HostileRequestTests {
    /// A server, and the targets that it was asked for.
    private func serve() throws -> (HTTPServer, asked: @Sendable () -> [String]) {
        let log = RequestLog()
        let configuration = HTTPServer.Configuration(address: try #require(ListenAddress("127.0.0.1:0")))
        let server = try HTTPServer(configuration) { _ in
        } handle: { request in
            log.targets.withLock { $0.append("\(request.method) \(request.path)") }
            return .now(.text("fine"))
        }
        return (server, { log.targets.withLock { $0 } })
    }

    /// What may hide a second request, `GET /smuggled`, from whoever stands in front.
    static let shapes: [String: String] = {
        let hidden = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
        func post(_ headers: String, _ body: String) -> String {
            "POST / HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n\r\n\(body)"
        }
        return [
            "two lengths": post("Content-Length: 0\r\nContent-Length: \(hidden.utf8.count)", hidden),
            "two equal lengths": post("Content-Length: 5\r\nContent-Length: 5", "hello"),
            "a list of lengths": post("Content-Length: 0, \(hidden.utf8.count)", hidden),
            "a length beside chunks": post(
                "Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n" + hidden),
            "chunks beside a length": post("Transfer-Encoding: chunked\r\nContent-Length: 6", "0\r\n\r\n" + hidden),
            "an unknown encoding": post("Transfer-Encoding: xchunked", "0\r\n\r\n" + hidden),
            "chunks within gzip": post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n" + hidden),
            "two encodings": post(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n" + hidden),
            "a negative length": post("Content-Length: -1", hidden),
            "a length with a sign": post("Content-Length: +0", hidden),
            "a hexadecimal length": post("Content-Length: 0x0", hidden),
            "an overlong length": post("Content-Length: 99999999999999999999", hidden),
            "a chunk size of letters": post("Transfer-Encoding: chunked", "zz\r\n" + hidden),
            "a negative chunk size": post("Transfer-Encoding: chunked", "-1\r\n" + hidden),
            "an overlong chunk size": post("Transfer-Encoding: chunked", "FFFFFFFFFFFFFFFFF\r\n" + hidden),
            "a space before the colon": post("Content-Length : 0", hidden),
            "two hosts": "GET / HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\n\r\n",
            "no host": "GET / HTTP/1.1\r\n\r\n",
            "a header without a colon": post("Nothing", ""),
            "a head of 100 KB":
                "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: \(String(repeating: "x", count: 100_000))\r\n\r\n",
            "a thousand headers":
                "GET / HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X-Many: x\r\n", count: 5_000))\r\n",
            "a path of 100 KB": "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "a path that is no UTF-8": "GET /?a=%FF HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "half an escape": "GET /?a=%4 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "spaces in the path": "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ]
    }()

    @Test("are refused or cut off, and never taken for two", arguments: shapes.keys.sorted())
    func refused(shape: String) throws {
        let (server, asked) = try serve()
        let connection = try RawConnection(port: server.port)
        connection.write(try #require(Self.shapes[shape]))
        connection.finishWriting()
        let answer = RawAnswer(connection.readAll())
        #expect(answer.status == 0 || (400..<500).contains(answer.status), "\(shape): \(answer.text.prefix(200))")
        // libmicrohttpd writes the heads of its own refusals twice.
        #expect(!answer.text.contains("HTTP/1.1 2"), "\(shape): \(answer.text)")
        #expect(asked() == [], "\(shape)")
        #expect(try RawAnswer(port: server.port, "GET", "/after").status == 200)
    }

    /// What libmicrohttpd reads, though it should not. Lengths are what it says they are, and a fold is taken out.
    @Test(
        "lines that end in LF alone, and folded ones, make one request or none",
        arguments: [
            "POST / HTTP/1.1\nHost: localhost\nContent-Length: 24\n\nGET /smuggled HTTP/1.1\n\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n 4\r\n\r\nGET /smuggled HTTP/1.1\n\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Long: 1\r\n Content-Length: 0\r\n\r\n",
        ])
    func oddLines(text: String) throws {
        let (server, asked) = try serve()
        let connection = try RawConnection(port: server.port)
        connection.write(text)
        connection.finishWriting()
        _ = connection.readAll()
        #expect(!asked().contains("GET /smuggled"))
        #expect(asked().count <= 1)
    }

    @Test("an escaped slash is part of a name, a plus is a plus in a path and a space in a query")
    func escapes() throws {
        let router = Router(
            [
                .init("GET", "/v1/notes/:id/related") { request, parameters in
                    .text("\(parameters["id"] ?? "")|\(request.value("q") ?? "")")
                }
            ], token: nil, metrics: HTTPMetrics())
        let configuration = HTTPServer.Configuration(address: try #require(ListenAddress("127.0.0.1:0")))
        let server = try HTTPServer(configuration) { _ in
        } handle: {
            router.answer($0)
        }
        func ask(_ target: String) throws -> RawAnswer { try RawAnswer(port: server.port, "GET", target) }
        #expect(try ask("/v1/notes/a%2Fb%2fc/related").body == "a/b/c|")
        #expect(try ask("/v1/notes/a+b%2Bc/related?q=a+b%2Bc").body == "a+b+c|a b+c")
        #expect(try ask("/v1/notes/%C3%A9%E2%82%AC/related?q=%F0%9F%8D%BA").body == "é€|🍺")
        #expect(try ask("/v1/notes/a%00b/related").body == "a\0b|")
        for wrong in ["%FF", "%C3", "%", "%4", "%zz", "%ED%A0%80"] {
            #expect(try ask("/v1/notes/\(wrong)/related").status == 400, "\(wrong)")
        }
        #expect(try ask("/v1/notes//related").status == 404)
        #expect(try ask("/v1//notes/a/related").status == 404)
    }

    @Test("a server without a token answers to names of this machine alone")
    func hosts() throws {
        let router = Router(
            [.init("GET", "/") { _, _ in .text("in") }], token: nil, localHostsOnly: true, metrics: HTTPMetrics())
        func status(_ host: String?) -> Int {
            var request = HTTPRequest("GET", "/")
            request.host = host
            return router.answer(request).response.status
        }
        for own in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:65535", "[::1]", "[::1]:8080"] {
            #expect(status(own) == 200, "\(own)")
        }
        for other in [
            nil, "", "example.org", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "[::2]", "[::1]x",
            "localhost:", "localhost:99999", "127.evil", "@localhost",
        ] {
            #expect(status(other) == 421, "\(other ?? "none")")
        }
    }
}

private final class RequestLog: Sendable {
    let targets = Mutex<[String]>([])
}
