import Synchronization

/// What the server has answered: counts by route and status, durations by route.
package final class HTTPMetrics: Sendable {
    private struct Key: Hashable {
        var route: String
        var status: Int
    }

    private struct Durations {
        var buckets = [Int](repeating: 0, count: HTTPMetrics.bounds.count)
        var count = 0
        var sum = 0.0
    }

    private struct State {
        var requests: [Key: Int] = [:]
        var durations: [String: Durations] = [:]
    }

    /// Upper bounds of the histogram's buckets, in seconds.
    private static let bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
    private let state = Mutex(State())

    package init() {}

    /// Counts an answer.
    package func note(route: String, status: Int, duration: Duration) {
        let seconds = duration / .seconds(1)
        state.withLock { state in
            state.requests[Key(route: route, status: status), default: 0] += 1
            var own = state.durations[route] ?? Durations()
            if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { own.buckets[bucket] += 1 }
            own.count += 1
            own.sum += seconds
            state.durations[route] = own
        }
    }

    package func write(to text: inout MetricsText) {
        let now = state.withLock { $0 }
        text.family(
            "notestream_http_requests_total", .counter, "Requests answered, by route and status.",
            now.requests.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }.map {
                ([("route", $0.key.route), ("status", String($0.key.status))], Double($0.value))
            })
        let name = "notestream_http_request_duration_seconds"
        text.begin(name, .histogram, "Time from a request's last byte to its answer, by route.")
        for (route, own) in now.durations.sorted(by: { $0.key < $1.key }) {
            var below = 0
            for (bound, count) in zip(Self.bounds, own.buckets) {
                below += count
                text.sample(name + "_bucket", [("route", route), ("le", String(bound))], Double(below))
            }
            text.sample(name + "_bucket", [("route", route), ("le", "+Inf")], Double(own.count))
            text.sample(name + "_sum", [("route", route)], own.sum)
            text.sample(name + "_count", [("route", route)], Double(own.count))
        }
    }
}
