import EventLog
import Configuration
import Pipeline
import Schemas

/// What can be asked over HTTP. Topics/openapi.yaml describes it for clients.
package struct API: Sendable {
    let answers: PipelineAnswers
    let owners: Owners
    let publisher: NotePublisher
    let topicViews: TopicViews
    let stats: StatsSampler
    let retraining: RetrainStatus
    let metrics: HTTPMetrics
    let hub: StreamHub
    let topics: Topics

    package var routes: [Router.Route] {
        WebPage.routes() + health + notes + search + users + trending + topicRoutes + [
            .init("GET", "/v1/stream") { request, _ in hub.answer(request) }, Self.openAPI,
        ]
    }

    /// How many are given where the request does not say, and at most.
    static let counts = 1...1_000

    // MARK: - Health

    private var health: [Router.Route] {
        [
            .init("GET", "/healthz", isOpen: true) { _, _ in .text("alive\n") },
            .init("GET", "/readyz", isOpen: true) { _, _ in Self.readiness(stats.statuses) },
            .init("GET", "/metrics") { _, _ in
                .text(metricsText(), type: "text/plain; version=0.0.4; charset=utf-8")
            },
            .init("GET", "/v1/stats") { _, _ in .encoded(stats.sample(version: answers.modelVersion)) },
        ]
    }

    /// 200 when every stage here is ready; else 503, with a line for each that is not and why.
    package static func readiness(_ statuses: [StageStatus]) -> HTTPResponse {
        let reasons = reasonsNotReady(statuses)
        return reasons.isEmpty ? .text("ready\n") : .text(reasons.joined(separator: "\n") + "\n", 503)
    }

    static func reasonsNotReady(_ statuses: [StageStatus]) -> [String] {
        statuses.compactMap { status in reason(status.now).map { "\(status.stage): \($0)" } }
    }

    private static func reason(_ now: StageStatus.Snapshot) -> String? {
        if now.isReady { return nil }
        if now.partitions.isEmpty { return "no partition is assigned" }
        return
            "replaying partitions \(now.partitions.map(String.init).joined(separator: ", ")), or reading the global tables"
    }

    // MARK: - Answers

    /// Turns what goes wrong into a problem.
    func answering(_ request: HTTPRequest, _ what: String, _ body: () throws -> HTTPResponse) -> HTTPResponse {
        do {
            return try body()
        } catch let problem as RequestProblem {
            var response = HTTPResponse.problem(problem.status, problem.title, problem.detail)
            if problem.status == 503 { response.headers.append(("Retry-After", "5")) }
            return response
        } catch let refusal as AnswerRefusal {
            return refused(refusal, request, what)
        } catch let silence as StageNotAnswering {
            return .busy("\(silence)", retryAfter: 1)
        } catch let error as EventLogError {
            return .busy("The broker does not answer: \(error)", retryAfter: 5)
        } catch {
            return .problem(500, "Failed", "\(error)")
        }
    }

    private func refused(_ refusal: AnswerRefusal, _ request: HTTPRequest, _ what: String) -> HTTPResponse {
        switch refusal {
        case .unknown:
            return .problem(404, "Not known", "\(what) is not known here.")
        case .notHere(let stage):
            return .problem(
                503, "Not here", "The stage '\(stage.rawValue)', which knows, does not run in this process.")
        case .notReady(let reason):
            return .busy("Not ready: \(reason). Try again in a moment.", retryAfter: 1)
        case .elsewhere(let stage, let partition):
            guard let url = owners.url(of: stage, partition: partition) else {
                return .busy(
                    "Another instance keeps this (partition \(partition) of \(stage.inputTopic.rawValue)), and where it "
                        + "answers is not known yet; it may have no http.advertise.", retryAfter: 1)
            }
            var response = HTTPResponse.problem(
                307, "Elsewhere", "Another instance keeps this: follow the header 'Location'.")
            response.headers.append(("Location", url + request.target))
            return response
        }
    }
}

/// What is wrong with a request.
struct RequestProblem: Error {
    var status: Int
    var title: String
    var detail: String

    init(_ status: Int, _ title: String, _ detail: String) {
        self.status = status
        self.title = title
        self.detail = detail
    }

    /// A parameter of the query is not what it should be.
    init(parameter detail: String) { self.init(400, "Wrong parameter", detail) }
}
