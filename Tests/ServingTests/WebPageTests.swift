import Foundation
import Serving
import Support
import Testing

@Suite("The web page and its files")
struct WebPageTests {
    private func ask(_ path: String, assets: String = WebPage.dygraphs) -> HTTPResponse {
        Router(WebPage.routes(assets: assets), token: "s3cret", metrics: HTTPMetrics()).answer(HTTPRequest("GET", path))
            .response
    }

    private func header(_ name: String, of response: HTTPResponse) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    private func body(_ response: HTTPResponse) -> String { String(decoding: response.bytes, as: UTF8.self) }

    @Test("the page needs no token and says what may run in it")
    func page() throws {
        let page = ask("/")
        #expect(page.status == 200 && page.contentType == "text/html; charset=utf-8")
        #expect(body(page).hasPrefix("<!doctype html>"))
        let policy = try #require(header("Content-Security-Policy", of: page))
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self' 'sha256-"))
        #expect(!policy.contains("unsafe"))
        #expect(policy.components(separatedBy: "'sha256-").count == 3, "one hash for the script, one for the style")
        #expect(header("Cache-Control", of: page) == "no-cache")
    }

    @Test("the page holds nothing that its policy forbids")
    func policyHolds() throws {
        let html = body(ask("/"))
        #expect(
            html.components(separatedBy: "<script").count - 1 == html.components(separatedBy: "</script>").count - 1)
        #expect(html.components(separatedBy: "<script type=\"module\">").count == 2)
        #expect(html.components(separatedBy: "<style>").count == 2)
        for forbidden in [" style=\"", " onclick=", " onload=", "javascript:", "innerHTML", "http://", "https://"] {
            // The namespace of SVG is a name, not an address.
            let text = html.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            #expect(!text.contains(forbidden), "\(forbidden)")
        }
    }

    @Test("its files are Debian's; one that is not installed says how it is; others are not given away")
    func assets() throws {
        let folder = try TemporaryFolder()
        let missing = ask("/page/dygraph.min.js", assets: folder.path)
        #expect(missing.status == 404)
        #expect(body(missing).contains("apt-get install libjs-dygraphs"))

        try "let chart".write(toFile: folder.path + "/dygraph.min.js", atomically: true, encoding: .utf8)
        try "secret".write(toFile: folder.path + "/other.js", atomically: true, encoding: .utf8)
        let found = ask("/page/dygraph.min.js", assets: folder.path)
        #expect(found.status == 200 && body(found) == "let chart")
        #expect(found.contentType == "text/javascript; charset=utf-8")
        #expect(header("Cache-Control", of: found) == "max-age=86400")
        #expect(ask("/page/other.js", assets: folder.path).status == 404)
        #expect(ask("/page/..%2Fother.js", assets: folder.path).status == 404)
    }
}
