import CPage
import Foundation
import NoteLLM
import Synchronization

/// The web page, which is part of the program, and the charting library that it loads, which is Debian's.
package enum WebPage {
    /// Where Debian's libjs-dygraphs puts its files.
    package static let dygraphs = "/usr/share/javascript/dygraphs"

    /// `/` and `/page/…`, open to all: the page asks for the token that its requests want.
    ///
    /// - Parameter folder: where the assets lie.
    package static func routes(assets folder: String = dygraphs) -> [Router.Route] {
        let assets = PageAssets(folder: folder)
        return [
            .init("GET", "/", isOpen: true) { _, _ in page },
            .init("GET", "/page/:name", isOpen: true) { _, parameters in assets.answer(parameters["name"] ?? "") },
        ]
    }

    /// Made once: the page does not change while the program runs.
    private static let page: HTTPResponse = {
        let html = Array(UnsafeBufferPointer(start: notestream_page_bytes(), count: notestream_page_size()))
        var response = HTTPResponse(200, "text/html; charset=utf-8", html)
        response.headers = [
            ("Content-Security-Policy", contentSecurityPolicy(of: String(decoding: html, as: UTF8.self))),
            ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-cache"),
        ]
        return response
    }()

    /// Lets the page's own script and style run, told by their hashes, with the assets and the API beside it, and nothing
    /// else: what a note holds never becomes code.
    private static func contentSecurityPolicy(of html: String) -> String {
        func hash(_ opening: String, _ closing: String) -> String {
            guard let start = html.range(of: opening)?.upperBound,
                let end = html.range(of: closing, range: start..<html.endIndex)?.lowerBound
            else { return "'none'" }
            return "'sha256-\(Data(SHA256.hash(Array(html[start..<end].utf8))).base64EncodedString())'"
        }
        let script = hash("<script type=\"module\">", "</script>")
        let style = hash("<style>", "</style>")
        return """
            default-src 'none'; script-src 'self' \(script); style-src 'self' \(style); img-src 'self' data:; \
            connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
    }
}

/// The files beside the page, each read when it is first asked for.
private final class PageAssets: Sendable {
    private static let types = [
        "dygraph.min.js": "text/javascript; charset=utf-8", "dygraph.css": "text/css; charset=utf-8",
    ]
    private let folder: String
    private let read = Mutex<[String: HTTPResponse]>([:])

    init(folder: String) { self.folder = folder }

    func answer(_ name: String) -> HTTPResponse {
        guard let type = Self.types[name] else {
            return .problem(404, "No such file", "The page has no file '\(name)'.")
        }
        return read.withLock { read in
            if let known = read[name] { return known }
            // What is missing is looked for again: it may be installed while the program runs.
            guard let data = FileManager.default.contents(atPath: folder + "/" + name) else {
                return .problem(
                    404, "Charts are not installed",
                    "\(folder)/\(name) is missing, so the page shows tables; for charts: apt-get install libjs-dygraphs"
                )
            }
            var response = HTTPResponse(200, type, Array(data))
            response.headers = [("Cache-Control", "max-age=86400")]
            read[name] = response
            return response
        }
    }
}
