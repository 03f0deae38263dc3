import EventLog
import Foundation
import NoteLLM
import Pipeline
import Ranking
import Schemas

extension Notestream {
    static let related = Command(
        name: "related", summary: "Print the list of related notes of one note, as it stands on the output topic.",
        discussion: """
            With --next, the notes likely to be touched next: the list joined with what is trending, by the weights of the
            serving model version.
            """,
        operands: ["note"],
        options: Context.options + [
            .flag("--next", "join the list with the trending notes"),
            .value("--count", "N", default: "10", "how many"),
            .flag("--json", "print the record itself"),
        ]
    ) { arguments in
        let context = try Context(arguments)
        let count: Int = try arguments.value("--count")
        let id = Array(arguments.operands[0].utf8)
        let catalog = try OutputTables(context)
        guard let list = try catalog.list(of: id) else {
            Output.error("there is no list for note '\(arguments.operands[0])' on \(catalog.listsTopic)")
            return .negative
        }
        if arguments.has("--json") {
            Output.line(String(decoding: try list.encode(as: .json), as: UTF8.self))
            return .success
        }
        let titles = try catalog.titles()
        Output.line(titles[id] ?? arguments.operands[0])
        if arguments.has("--next") {
            for note in try catalog.next(after: id, list, count: count) {
                line(note.note, note.score, note.reason, titles)
            }
        } else {
            for item in list.items.prefix(count) { line(Array(item.note.utf8), item.score, item.reason, titles) }
        }
        return .success
    }

    private static func line(_ note: [UInt8], _ score: Double, _ reason: String, _ titles: [[UInt8]: String]) {
        let id = String(decoding: note, as: UTF8.self)
        Output.line("  \(String(format: "%7.3f", score))  \(id)  \(titles[note] ?? "")  (\(reason))")
    }
}

/// The output topics as tables, for commands that look something up.
struct OutputTables {
    private let context: Context
    private let reader: TopicReader

    init(_ context: Context) throws {
        self.context = context
        reader = TopicReader(try context.client)
    }

    var listsTopic: String { context.topics.name(of: .noteRecommendations) }

    /// A note's list, from the partition it belongs to.
    func list(of note: [UInt8]) throws -> RecommendationList? {
        let count = context.topics.partitions(of: .noteRecommendations)
        let place = TopicPartition(listsTopic, Partitioner.partition(for: note, count: count))
        return try reader.table([place])[note].map(RecommendationList.decode)
    }

    /// The living notes' profiles under the version that lists are of.
    func profiles() throws -> [NoteProfile] {
        let serving = try context.models.versionInForce(context.models.read())
        let records = try reader.table(context.topics.places(of: .noteProfiles)).values
        return records.compactMap { try? NoteProfile.decode($0) }.filter { $0.version == serving }
    }

    func titles() throws -> [[UInt8]: String] {
        try profiles().reduce(into: [:]) { $0[Array($1.note.utf8)] = $1.title }
    }

    /// The list joined with all that is trending, ranked by the serving version's weights for `next`.
    func next(after note: [UInt8], _ list: RecommendationList, count: Int) throws -> [RankedNote] {
        let models = try context.models
        let contents = try models.read()
        let weights =
            try models.versionInForce(contents).map { try models.load($0, from: contents).manifest.listWeights } ?? [:]
        let everything = try reader.table(context.topics.places(of: .trending))[Array("*".utf8)]
        guard let trending = try everything.map(Schemas.Trending.decode) else { return [] }
        let entries = trending.notes.map(TrendingEntry.init)
        let features = list.items.map { item in
            (
                note: Array(item.note.utf8),
                features: RelatedFeatures(
                    cosine: item.cosine, lexical: item.lexical, cooccurrence: item.cooccurrence,
                    users: Int64(item.users))
            )
        }
        return Next.rank(
            Next.join(list: features, trending: entries, excluding: note),
            NextContext(trending: entries, excluding: note, now: trending.time?.milliseconds ?? 0),
            weights: NextWeights(weights[NextWeights.name] ?? [:]), count: count)
    }
}

extension TrendingEntry {
    init(_ note: TrendingNote) {
        self.init(
            note: Array(note.note.utf8), category: Array(note.category.utf8),
            state: NoteState(
                created: note.created?.milliseconds ?? 0, lastActive: note.lastActive?.milliseconds,
                clicks: note.clicks, recentClicks: note.recentClicks))
    }
}
