import Foundation

/// Finds who answers a request: by path, method and, where there is one, the bearer token.
package struct Router: Sendable {
    /// One path. A part that begins with a colon takes whatever stands there.
    package struct Route: Sendable {
        let method: String
        let parts: [Substring]
        /// Answered without a token, for those who look after the process.
        let isOpen: Bool
        let answer: @Sendable (HTTPRequest, _ parameters: [String: String]) -> HTTPResponse

        /// What stands for the path in metrics.
        let pattern: String

        /// A route such as `/v1/notes/:id`.
        package init(
            _ method: String, _ pattern: String, isOpen: Bool = false,
            _ answer: @escaping @Sendable (HTTPRequest, _ parameters: [String: String]) -> HTTPResponse
        ) {
            self.method = method
            self.pattern = pattern
            self.isOpen = isOpen
            self.answer = answer
            parts = pattern.split(separator: "/")
        }

        /// The parameters, when the path fits.
        func parameters(of path: [Substring]) -> [String: String]? {
            guard path.count == parts.count else { return nil }
            var parameters: [String: String] = [:]
            for (part, given) in zip(parts, path) {
                if part.hasPrefix(":") {
                    parameters[String(part.dropFirst())] = String(given)
                } else if part != given {
                    return nil
                }
            }
            return parameters
        }
    }

    private let routes: [Route]
    private let token: String?
    private let metrics: HTTPMetrics

    /// - Parameter token: what `Authorization: Bearer` must hold; nil lets everyone in.
    package init(_ routes: [Route], token: String?, metrics: HTTPMetrics) {
        self.routes = routes
        self.token = token
        self.metrics = metrics
    }

    /// Answers a request. `HEAD` is answered as `GET`; the server leaves the body out.
    package func answer(_ request: HTTPRequest) -> HTTPResponse {
        let start = ContinuousClock.now
        let (response, pattern) = find(request)
        metrics.note(route: pattern, status: response.status, duration: ContinuousClock.now - start)
        return response
    }

    private func find(_ request: HTTPRequest) -> (HTTPResponse, pattern: String) {
        let path = request.path.split(separator: "/")
        let fitting = routes.compactMap { route in route.parameters(of: path).map { (route, $0) } }
        guard !fitting.isEmpty else {
            return (.problem(404, "No such path", "There is nothing at \(request.path)."), "none")
        }
        let method = request.method == "HEAD" ? "GET" : request.method
        guard let (route, parameters) = fitting.first(where: { $0.0.method == method }) else {
            var refusal = HTTPResponse.problem(
                405, "Method not allowed", "\(request.path) does not take \(request.method).")
            refusal.headers.append(("Allow", fitting.map(\.0.method).joined(separator: ", ")))
            return (refusal, fitting[0].0.pattern)
        }
        guard route.isOpen || isLetIn(request) else {
            var refusal = HTTPResponse.problem(
                401, "Token needed", "Send the header 'Authorization: Bearer' with the token of this service.")
            refusal.headers.append(("WWW-Authenticate", "Bearer"))
            return (refusal, route.pattern)
        }
        return (route.answer(request, parameters), route.pattern)
    }

    /// Compares in a time that does not tell how much of a guess is right.
    private func isLetIn(_ request: HTTPRequest) -> Bool {
        guard let token else { return true }
        guard let given = request.authorization, given.lowercased().hasPrefix("bearer ") else { return false }
        let (a, b) = (Array(given.dropFirst(7).utf8), Array(token.utf8))
        var difference = UInt8(a.count == b.count ? 0 : 1)
        for index in b.indices { difference |= b[index] ^ (index < a.count ? a[index] : 0) }
        return difference == 0
    }
}
