import Pipeline
import Schemas

/// What can be asked over HTTP.
package struct API: Sendable {
    private let statuses: @Sendable () -> [StageStatus]
    private let lookup: NoteLookup?
    private let version: @Sendable () -> String?
    private let metrics: HTTPMetrics

    /// - Parameters:
    ///   - statuses: the stages that run here.
    ///   - version: the model version that is to serve.
    package init(
        statuses: @escaping @Sendable () -> [StageStatus], lookup: NoteLookup?,
        version: @escaping @Sendable () -> String?,
        metrics: HTTPMetrics
    ) {
        self.statuses = statuses
        self.lookup = lookup
        self.version = version
        self.metrics = metrics
    }

    package var routes: [Router.Route] {
        [
            .init("GET", "/healthz", isOpen: true) { _, _ in .text("alive\n") },
            .init("GET", "/readyz", isOpen: true) { _, _ in Self.readiness(statuses()) },
            .init("GET", "/metrics") { _, _ in
                .text(
                    Self.metricsText(statuses(), version: version(), metrics),
                    type: "text/plain; version=0.0.4; charset=utf-8")
            },
            .init("GET", "/v1/notes/:id") { _, parameters in
                answer(parameters["id"] ?? "") { .json(try $0.profile.encode(as: .json)) }
            },
            .init("GET", "/v1/notes/:id/related") { request, parameters in
                related(parameters["id"] ?? "", request.query)
            },
        ]
    }

    // MARK: - Health

    /// 200 when every stage here is ready; else 503, with a line for each that is not and why.
    package static func readiness(_ statuses: [StageStatus]) -> HTTPResponse {
        let reasons = statuses.compactMap { status in
            reason(status.now).map { "\(status.stage): \($0)" }
        }
        return reasons.isEmpty ? .text("ready\n") : .text(reasons.joined(separator: "\n") + "\n", 503)
    }

    private static func reason(_ now: StageStatus.Snapshot) -> String? {
        if now.isReady { return nil }
        if now.partitions.isEmpty { return "no partition is assigned" }
        return
            "replaying partitions \(now.partitions.map(String.init).joined(separator: ", ")), or reading the global tables"
    }

    // MARK: - Notes

    private func related(_ id: String, _ query: [String: String]) -> HTTPResponse {
        var count = Int.max
        if let text = query["k"] {
            guard let number = Int(text), (1...1_000).contains(number) else {
                return .problem(400, "Wrong parameter", "k is how many notes are wanted, 1 to 1000; '\(text)' is not.")
            }
            count = number
        }
        return answer(id) { found in
            guard var list = found.list else {
                return .problem(
                    503, "No list here",
                    "Note '\(id)' has no list yet, or another instance keeps it; try again, or there.")
            }
            list.items = Array(list.items.prefix(count))
            return .json(try list.encode(as: .json))
        }
    }

    private func answer(_ id: String, _ body: (NoteLookup.Found) throws -> HTTPResponse) -> HTTPResponse {
        guard let lookup else {
            return .problem(503, "Not here", "The stage 'recommend', which knows notes, does not run in this process.")
        }
        do {
            guard let found = try lookup.note(Array(id.utf8)) else {
                return .problem(404, "No such note", "There is no living note '\(id)', or it is not profiled yet.")
            }
            return try body(found)
        } catch is NoteLookup.NotReady {
            return .problem(503, "Not ready", "The store is being opened; try again in a moment.")
        } catch {
            return .problem(500, "Failed", "\(error)")
        }
    }
}
