import Foundation

/// A request, read whole.
package struct HTTPRequest: Sendable {
    package var method: String
    /// As it was sent, percent-encoded, without the query: `Router` splits it and decodes each part.
    package var path: String
    /// The query's names and values, decoded, in their order; a name may come more than once.
    package var queryAll: [(name: String, value: String)] = []
    /// The header `Authorization`.
    package var authorization: String?
    /// The header `Content-Type`.
    package var contentType: String?
    /// The header `Host`.
    package var host: String?
    /// The header `Last-Event-ID`: where a stream of events was when it broke off.
    package var lastEventID: String?
    package var body: [UInt8] = []

    package init(_ method: String, _ path: String, query: [String: String] = [:], authorization: String? = nil) {
        self.method = method
        self.path = path
        queryAll = query.map { ($0.key, $0.value) }
        self.authorization = authorization
    }

    /// What the query says of a name; of one given twice, the last.
    package func value(_ name: String) -> String? { queryAll.last { $0.name == name }?.value }
}

/// An answer: held whole, or a stream of events.
package struct HTTPResponse: Sendable {
    /// What follows the head.
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Server-sent events, until the source ends or the client leaves.
        case events(any EventSource)
    }

    package var status: Int
    package var contentType: String
    package var headers: [(name: String, value: String)] = []
    package var body: Body

    package init(_ status: Int, _ contentType: String, _ body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = .bytes(body)
    }

    /// A stream of server-sent events, which no cache and no proxy is to hold back.
    package static func events(_ source: any EventSource) -> HTTPResponse {
        var response = HTTPResponse(200, "text/event-stream", [])
        response.headers = [("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")]
        response.body = .events(source)
        return response
    }

    package static func json(_ bytes: [UInt8]) -> HTTPResponse { HTTPResponse(200, "application/json", bytes) }

    package static func text(_ text: String, _ status: Int = 200, type: String = "text/plain; charset=utf-8")
        -> HTTPResponse
    {
        HTTPResponse(status, type, Array(text.utf8))
    }

    /// A problem in the form of RFC 9457: what it is called, and what is wrong with this request.
    package static func problem(_ status: Int, _ title: String, _ detail: String) -> HTTPResponse {
        let object: [String: Any] = ["status": status, "title": title, "detail": detail]
        let body = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return HTTPResponse(status, "application/problem+json", Array(body ?? Data("{}".utf8)))
    }

    /// 503: not now, but after some seconds.
    package static func busy(_ detail: String, retryAfter seconds: Int) -> HTTPResponse {
        var response = problem(503, "Busy", detail)
        response.headers.append(("Retry-After", String(seconds)))
        return response
    }
}

/// What an answer may wait for. Each has workers of its own: while the broker is away, whoever waits for it keeps nobody
/// else from an answer.
package enum Awaited: Sendable {
    /// A stage's own thread, the language model among its work, or the local store.
    case stage
    case broker
}

/// How a request is answered: at once, or by a worker that may wait.
package enum HTTPAnswer: Sendable {
    case now(HTTPResponse)
    /// `answer` may block, and gives an answer held whole; `told` hears what was answered in the end, which is a refusal
    /// where no worker was free.
    case waits(for: Awaited, answer: @Sendable () -> HTTPResponse, told: @Sendable (HTTPResponse) -> Void)
}

/// Where the events of one stream come from. The server asks it on an event-loop thread, which it must not keep waiting.
package protocol EventSource: AnyObject, Sendable {
    /// Copies what is next into the buffer.
    ///
    /// - Returns: the bytes written; 0 when nothing is there yet, which is never so in the midst of an event; nil at the
    ///   end.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int?

    /// Takes what is to be called, from any thread, once something is there after a `read` that gave 0. Called once,
    /// before the first `read`.
    func onWake(_ wake: @escaping @Sendable () -> Void)

    /// A few bytes that keep an idle connection alive: a comment, and perhaps an `id:`.
    func heartbeat() -> [UInt8]

    /// The stream is over. Called once.
    func close()
}

extension EventSource {
    package func heartbeat() -> [UInt8] { Array(":\n\n".utf8) }
}
