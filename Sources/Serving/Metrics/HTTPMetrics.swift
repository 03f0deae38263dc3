import Pipeline
import Synchronization

/// What the server has answered: counts by route and status, durations by route.
package final class HTTPMetrics: Sendable {
    private struct Key: Hashable {
        var route: String
        var status: Int
    }

    private struct State {
        var requests: [Key: Int] = [:]
        var durations: [String: Histogram] = [:]
        /// Weak: it is this that the server's handler counts with.
        weak var server: HTTPServer?
    }

    private let state = Mutex(State())

    package init() {}

    /// Counts an answer.
    package func note(route: String, status: Int, duration: Duration) {
        let seconds = duration / .seconds(1)
        state.withLock { state in
            state.requests[Key(route: route, status: status), default: 0] += 1
            state.durations[route, default: .seconds].observe(seconds)
        }
    }

    /// Tells of the server's open connections too.
    func watch(_ server: HTTPServer) { state.withLock { $0.server = server } }

    package func write(to text: inout MetricsText) {
        let now = state.withLock { $0 }
        if let server = now.server {
            text.family("notestream_http_connections", .gauge, "Open connections.", [([], Double(server.connections))])
        }
        text.family(
            "notestream_http_requests_total", .counter, "Requests answered, by route and status.",
            now.requests.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }.map {
                ([("route", $0.key.route), ("status", String($0.key.status))], Double($0.value))
            })
        text.histograms(
            "notestream_http_request_duration_seconds", "Time from a request's last byte to its answer, by route.",
            now.durations.sorted { $0.key < $1.key }.map { (labels: [("route", $0.key)], $0.value) })
    }
}
