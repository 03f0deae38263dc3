import Foundation

/// A request, read whole.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Percent-decoded, without the query.
    package var path: String
    /// The query's values by name; of a name given twice, the last.
    package var query: [String: String] = [:]
    /// The header `Authorization`.
    package var authorization: String?
    package var body: [UInt8] = []

    package init(_ method: String, _ path: String, query: [String: String] = [:], authorization: String? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.authorization = authorization
    }
}

/// An answer, held whole.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var contentType: String
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8]

    package init(_ status: Int, _ contentType: String, _ body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
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
}
