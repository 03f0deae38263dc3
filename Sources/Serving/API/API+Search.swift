import Pipeline
import Ranking
import Schemas

/// Search, users, and what is trending.
extension API {
    private struct SearchRequest: Decodable {
        var text: String
        var k: Int?
        var category: String?
    }

    /// The model reads a title's first twenty tokens; a text longer than this is no search.
    private static let textLimit = 10_000

    var search: [Router.Route] {
        [
            .init("POST", "/v1/search", waits: .stage) { request, _ in
                answering(request, "") {
                    let asked = try request.json(SearchRequest.self)
                    guard asked.text.utf8.count <= Self.textLimit, asked.text.contains(where: { !$0.isWhitespace })
                    else {
                        throw RequestProblem(
                            400, "Wrong body",
                            "The field 'text' holds 1 to \(Self.textLimit) bytes that are not all blank.")
                    }
                    guard Self.counts.contains(asked.k ?? 10) else {
                        throw RequestProblem(400, "Wrong body", "The field 'k' is how many are wanted, 1 to 1000.")
                    }
                    guard HTTPRequest.isCategory(asked.category ?? "") else {
                        throw RequestProblem(
                            400, "Wrong body", "The field 'category' has at most \(EventLimits.nameBytes) bytes.")
                    }
                    return try found(asked)
                }
            }
        ]
    }

    private func found(_ asked: SearchRequest) throws -> HTTPResponse {
        let list = try answers.search(asked.text, ListRequest(count: asked.k ?? 10, category: asked.category))
        let profiles = try answers.profiles(list.items.map(\.note))
        return .encoded(
            SearchView(
                version: list.version,
                items: list.items.compactMap { item in
                    guard let profile = profiles[item.note] else { return nil }
                    return SearchView.Item(
                        note: profile.note, title: profile.title, category: profile.category,
                        hashtags: profile.hashtags.map(\.tag), score: item.score, cosine: item.features.cosine,
                        lexical: item.features.lexical)
                }))
    }

    // MARK: - Users

    var users: [Router.Route] {
        [
            .init("GET", "/v1/users/:id/recommended", waits: .stage) { request, parameters in
                let user = parameters["id"] ?? ""
                return answering(request, "A user '\(user)' with recent clicks") { try recommended(user, request) }
            }
        ]
    }

    private func recommended(_ user: String, _ request: HTTPRequest) throws -> HTTPResponse {
        let wanted = ListRequest(count: try request.count(default: 20))
        let clicks = try answers.clicks(of: Array(user.utf8), partitions: topics.partitions(of: .clicks))
        let list = try answers.list(forWhoTouched: clicks.map(\.note), wanted)
        let profiles = try answers.profiles(clicks.map(\.note))
        var items = list.items.map { ItemView(RecommendedNote($0)) }
        try show(in: &items)
        return .encoded(
            UserView(
                user: user, version: list.version, time: "\(Timestamp(milliseconds: list.time))",
                clicks: clicks.map { click in
                    UserView.Click(
                        note: String(decoding: click.note, as: UTF8.self), title: profiles[click.note]?.title,
                        time: "\(Timestamp(milliseconds: click.time))")
                },
                items: items))
    }

    // MARK: - Trending

    var trending: [Router.Route] {
        [
            .init("GET", "/v1/trending", waits: .stage) { request, _ in
                answering(request, "") {
                    let count = try request.count(default: 50)
                    let record = try answers.trending(request.category())
                    let shown = record.notes.prefix(count)
                    let profiles = try answers.profiles(shown.map { Array($0.note.utf8) })
                    return .encoded(
                        TrendingView(
                            category: record.category, version: record.version,
                            time: record.time.map(String.init(describing:)),
                            notes: shown.map { TrendingView.Entry($0, profiles[Array($0.note.utf8)]) }))
                }
            },
            .init("GET", "/v1/map", waits: .stage) { request, _ in
                answering(request, "") {
                    .encoded(try map(request.count(default: 2_000, in: 1...10_000)))
                }
            },
        ]
    }

    private func map(_ count: Int) throws -> MapView {
        let sample = try answers.sample(count)
        let places = try EmbeddingMap.places(of: sample.notes.map(\.vector))
        let profiles = try answers.profiles(sample.notes.map(\.note))
        return MapView(
            version: sample.version,
            points: zip(sample.notes, places).map { entry, place in
                MapView.Point(
                    note: String(decoding: entry.note, as: UTF8.self), title: profiles[entry.note]?.title ?? "",
                    category: entry.category, x: place.x, y: place.y)
            })
    }
}

extension TrendingView.Entry {
    init(_ entry: TrendingNote, _ profile: NoteProfile?) {
        self.init(
            note: entry.note, title: profile?.title, category: entry.category,
            hashtags: profile?.hashtags.map(\.tag), created: entry.created.map(String.init(describing:)),
            lastActive: entry.lastActive.map(String.init(describing:)), clicks: entry.clicks,
            recentClicks: entry.recentClicks)
    }
}
