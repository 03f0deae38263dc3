import Foundation
import Serving
import Testing

@Suite("Routes and metrics")
struct RouterTests {
    private let metrics = HTTPMetrics()

    private func router(token: String? = nil) -> Router {
        Router(
            [
                .init("GET", "/open", isOpen: true) { _, _ in .text("open") },
                .init("GET", "/v1/notes/:id") { _, parameters in .text("note \(parameters["id"] ?? "")") },
                .init("GET", "/v1/notes/:id/related") { _, parameters in .text("related \(parameters["id"] ?? "")") },
                .init("POST", "/v1/notes/:id") { _, _ in .text("posted") },
            ], token: token, metrics: metrics)
    }

    private func body(_ answer: HTTPAnswer) -> String { String(decoding: answer.response.bytes, as: UTF8.self) }

    @Test("the path and the method decide; parameters are what stands in their place")
    func routes() {
        let router = router()
        #expect(body(router.answer(HTTPRequest("GET", "/v1/notes/a b"))) == "note a b")
        #expect(body(router.answer(HTTPRequest("HEAD", "/v1/notes/x/related"))) == "related x")
        #expect(body(router.answer(HTTPRequest("POST", "/v1/notes/x"))) == "posted")
        let missing = router.answer(HTTPRequest("GET", "/v1/other")).response
        #expect(missing.status == 404 && missing.contentType == "application/problem+json")
        let refused = router.answer(HTTPRequest("DELETE", "/v1/notes/x")).response
        #expect(refused.status == 405)
        #expect(refused.headers.contains { $0.name == "Allow" && $0.value == "GET, POST" })
    }

    @Test("with a token, only health is open; a wrong, short, long or missing one is refused")
    func tokens() {
        let router = router(token: "s3cret")
        #expect(router.answer(HTTPRequest("GET", "/open")).response.status == 200)
        #expect(router.answer(HTTPRequest("GET", "/v1/notes/x", authorization: "Bearer s3cret")).response.status == 200)
        #expect(router.answer(HTTPRequest("GET", "/v1/notes/x", authorization: "bearer s3cret")).response.status == 200)
        for wrong in [nil, "", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Bearer S3cret", "Basic s3cret"] {
            #expect(
                router.answer(HTTPRequest("GET", "/v1/notes/x", authorization: wrong)).response.status == 401,
                "\(wrong ?? "-")")
        }
    }

    @Test("a problem is JSON whatever stands in it")
    func problems() throws {
        let response = HTTPResponse.problem(400, "Wrong", "a \"quote\",\n a \\ and \u{1}")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(response.bytes)) as? [String: Any])
        #expect(object["detail"] as? String == "a \"quote\",\n a \\ and \u{1}")
        #expect(object["status"] as? Int == 400)
    }

    @Test("the text is Prometheus': escaped labels, cumulative buckets that end in all")
    func text() {
        let router = router()
        for _ in 0..<3 { _ = router.answer(HTTPRequest("GET", "/v1/notes/x")) }
        metrics.note(route: "/slow", status: 200, duration: .seconds(100))
        var text = MetricsText()
        text.family("a_total", .counter, "Of \\ and\nlines.", [([("name", "x\"y\\z\n")], 2), ([], 0.25)])
        metrics.write(to: &text)
        let lines = text.text.split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(4) == [
                "# HELP a_total Of \\\\ and\\nlines.", "# TYPE a_total counter", "a_total{name=\"x\\\"y\\\\z\\n\"} 2",
                "a_total 0.25",
            ])
        #expect(lines.contains("notestream_http_requests_total{route=\"/v1/notes/:id\",status=\"200\"} 3"))
        #expect(lines.contains("notestream_http_request_duration_seconds_bucket{route=\"/slow\",le=\"10.0\"} 0"))
        #expect(lines.contains("notestream_http_request_duration_seconds_bucket{route=\"/slow\",le=\"+Inf\"} 1"))
        #expect(lines.contains("notestream_http_request_duration_seconds_sum{route=\"/slow\"} 100"))
        #expect(lines.contains("notestream_http_request_duration_seconds_count{route=\"/v1/notes/:id\"} 3"))
    }
}

extension HTTPAnswer {
    /// The answer, waited for.
    var response: HTTPResponse {
        switch self {
        case .now(let response): return response
        case .waits(_, let answer, let told):
            let response = answer()
            told(response)
            return response
        }
    }
}

extension HTTPResponse {
    /// The body of an answer that is no stream.
    var bytes: [UInt8] {
        guard case .bytes(let bytes) = body else { return [] }
        return bytes
    }
}
