import Pipeline
import Schemas

/// Notes and their lists.
extension API {
    var notes: [Router.Route] {
        [
            .init("GET", "/v1/notes", waits: .stage) { request, _ in
                answering(request, "") {
                    let newest = try answers.newest(request.count(default: 20))
                    return .encoded(["notes": newest.map(NoteView.init)])
                }
            },
            .init("POST", "/v1/notes", waits: .broker) { request, _ in
                answering(request, "") {
                    try request.requireJSON()
                    var response = HTTPResponse.encoded(try publisher.publish(request.body))
                    response.status = 202
                    return response
                }
            },
            .init("GET", "/v1/notes/:id") { request, parameters in
                let id = parameters["id"] ?? ""
                return answering(request, Self.name(id)) {
                    .json(try answers.profile(Array(id.utf8)).encode(as: .json))
                }
            },
            .init("GET", "/v1/notes/:id/related", waits: Self.awaited) { request, parameters in
                let id = parameters["id"] ?? ""
                return answering(request, Self.name(id)) { try related(id, request) }
            },
        ]
    }

    private static func name(_ id: String) -> String { "A living note '\(id)'" }

    /// A list that is to be made waits for the stage; one that was sent is only looked up.
    private static func awaited(_ request: HTTPRequest) -> Awaited? {
        request.queryAll.contains { $0.name != "k" } ? .stage : nil
    }

    private func related(_ id: String, _ request: HTTPRequest) throws -> HTTPResponse {
        let note = Array(id.utf8)
        let wanted = ListRequest(
            count: try request.count(default: 20), category: try request.category(),
            diversity: try request.share("diversity"), isNext: try request.flag("next"))
        let isExpanded = try request.flag("expand")
        var view: ListView
        if wanted.category != nil || wanted.diversity != nil || wanted.isNext {
            let list = try answers.list(of: note, wanted)
            view = ListView(
                note: id, version: list.version, time: "\(Timestamp(milliseconds: list.time))",
                items: list.items.map { ItemView(RecommendedNote($0)) })
        } else {
            let sent = try answers.list(of: note, count: request.value("k") == nil ? .max : wanted.count)
            guard isExpanded else { return .json(sent) }
            let list = try RecommendationList.decode(sent, contentType: .json)
            view = ListView(
                note: list.note, version: list.version, contentHash: list.contentHash,
                time: list.time.map(String.init(describing:)), items: list.items.map { ItemView($0) })
        }
        if isExpanded { try show(in: &view.items) }
        return .encoded(view)
    }

    /// Puts beside each item what is shown of its note.
    func show(in items: inout [ItemView]) throws {
        let profiles = try answers.profiles(items.map { Array($0.note.utf8) })
        for index in items.indices { items[index].show(profiles[Array(items[index].note.utf8)]) }
    }
}
