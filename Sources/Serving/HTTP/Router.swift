import Foundation

/// Finds who answers a request: by path, method and, where there is one, the bearer token.
package struct Router: Sendable {
    /// One path. A part that begins with a colon takes whatever stands there.
    package struct Route: Sendable {
        let method: String
        let parts: [Substring]
        /// Answered without a token, for those who look after the process.
        let isOpen: Bool
        /// What the answer to a request may wait for, on a worker; nil where it is answered at once.
        let waits: @Sendable (HTTPRequest) -> Awaited?
        let answer: @Sendable (HTTPRequest, _ parameters: [String: String]) -> HTTPResponse

        /// What stands for the path in metrics.
        let pattern: String

        /// A route such as `/v1/notes/:id`.
        package init(
            _ method: String, _ pattern: String, isOpen: Bool = false, waits: Awaited? = nil,
            _ answer: @escaping @Sendable (HTTPRequest, _ parameters: [String: String]) -> HTTPResponse
        ) {
            self.init(method, pattern, isOpen: isOpen, waits: { _ in waits }, answer)
        }

        /// A route of which some requests wait, and others do not.
        package init(
            _ method: String, _ pattern: String, isOpen: Bool = false,
            waits: @escaping @Sendable (HTTPRequest) -> Awaited?,
            _ answer: @escaping @Sendable (HTTPRequest, _ parameters: [String: String]) -> HTTPResponse
        ) {
            self.method = method
            self.pattern = pattern
            self.isOpen = isOpen
            self.waits = waits
            self.answer = answer
            parts = Router.parts(of: pattern)
        }

        /// Whether the path fits.
        func fits(_ path: [Substring]) -> Bool {
            guard path.count == parts.count else { return false }
            for (part, given) in zip(parts, path) where part != given {
                guard part.utf8.first == UInt8(ascii: ":"), !given.isEmpty else { return false }
            }
            return true
        }

        /// The parameters of a path that fits, decoded; nil where one cannot be.
        func parameters(of path: [Substring]) -> [String: String]? {
            var parameters: [String: String] = [:]
            for (part, given) in zip(parts, path) where part.utf8.first == UInt8(ascii: ":") {
                guard let value = PercentEncoding.decode(given) else { return nil }
                parameters[String(part.dropFirst())] = value
            }
            return parameters
        }
    }

    private let routes: [Route]
    private let token: String?
    private let localHostsOnly: Bool
    private let metrics: HTTPMetrics

    /// - Parameters:
    ///   - token: what `Authorization: Bearer` must hold; nil lets everyone in.
    ///   - localHostsOnly: refuses requests that do not name this machine in `Host`. A page of any site can make a browser
    ///     send requests to a loopback address under a name of the site's own: a server without a token must know them.
    package init(_ routes: [Route], token: String?, localHostsOnly: Bool = false, metrics: HTTPMetrics) {
        self.routes = routes
        self.token = token
        self.localHostsOnly = localHostsOnly
        self.metrics = metrics
    }

    /// Answers a request. `HEAD` is answered as `GET`; the server leaves the body out.
    package func answer(_ request: HTTPRequest) -> HTTPAnswer {
        let start = ContinuousClock.now
        let (response, pattern): (HTTPResponse, String)
        switch find(request) {
        case .refused(let refusal, let fitting):
            (response, pattern) = (refusal, fitting)
        case .found(let route, let parameters):
            if let awaited = route.waits(request) {
                return .waits(for: awaited) {
                    route.answer(request, parameters)
                } told: { [metrics] response in
                    metrics.note(route: route.pattern, status: response.status, duration: ContinuousClock.now - start)
                }
            }
            (response, pattern) = (route.answer(request, parameters), route.pattern)
        }
        metrics.note(route: pattern, status: response.status, duration: ContinuousClock.now - start)
        return .now(response)
    }

    /// Whether somebody will read a request's body: not where the request is refused for its head.
    package func takesBody(of request: HTTPRequest) -> Bool {
        if case .found = find(request) { return true }
        return false
    }

    private enum Finding {
        case found(Route, parameters: [String: String])
        case refused(HTTPResponse, pattern: String)
    }

    private func find(_ request: HTTPRequest) -> Finding {
        guard !localHostsOnly || HostHeader.namesThisMachine(request.host) else {
            return .refused(
                .problem(
                    421, "Wrong host", "Without a token this server answers to localhost and loopback addresses alone."),
                pattern: "none")
        }
        let path = Self.parts(of: request.path)
        let fitting = routes.filter { $0.fits(path) }
        guard let first = fitting.first else {
            return .refused(.problem(404, "No such path", "There is nothing at \(request.path)."), pattern: "none")
        }
        let method = request.method == "HEAD" ? "GET" : request.method
        guard let route = fitting.first(where: { $0.method == method }) else {
            var refusal = HTTPResponse.problem(
                405, "Method not allowed", "\(request.path) does not take \(request.method).")
            refusal.headers.append(("Allow", fitting.map(\.method).joined(separator: ", ")))
            return .refused(refusal, pattern: first.pattern)
        }
        guard route.isOpen || isLetIn(request) else {
            var refusal = HTTPResponse.problem(
                401, "Token needed", "Send the header 'Authorization: Bearer' with the token of this service.")
            refusal.headers.append(("WWW-Authenticate", "Bearer"))
            return .refused(refusal, pattern: route.pattern)
        }
        guard let parameters = route.parameters(of: path) else {
            return .refused(
                .problem(400, "Wrong path", "The path is not percent-encoded UTF-8."), pattern: route.pattern)
        }
        return .found(route, parameters: parameters)
    }

    /// What stands between a path's slashes; the first of them begins it.
    private static func parts(of path: String) -> [Substring] {
        path.dropFirst(path.utf8.first == UInt8(ascii: "/") ? 1 : 0).split(
            separator: "/", omittingEmptySubsequences: false)
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
