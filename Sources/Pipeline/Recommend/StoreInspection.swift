import Configuration
import EventLog
import Foundation
import Schemas
import StateStore

/// Looks into the stores of a service that is stopped.
public struct StoreInspection {
    let settings: Settings
    let topics: Topics
    private let client: ClientSettings

    /// Of the stores in the settings' state directory.
    public init(_ settings: Settings, _ topics: Topics, _ client: ClientSettings) {
        self.settings = settings
        self.topics = topics
        self.client = client
    }

    /// Recomputes the list of every living note from the store, comparing with all other notes instead of searching: what
    /// the lists of two runs over one log must agree in, whenever theirs were sent. Notes in byte order, as JSON.
    public func forEachList(_ body: (String) throws -> Void) throws {
        guard let (stage, store) = try openRecommend() else { return }
        defer { store.close() }
        var ids: [(note: [UInt8], label: UInt32)] = []
        stage.notes.forEach { label, note in ids.append((note.id, label)) }
        for (note, label) in ids.sorted(by: { $0.note.lexicographicallyPrecedes($1.note) }) {
            let list = try stage.related(to: label, in: store, exact: true)
            let record = RecommendationList(
                note: String(decoding: note, as: UTF8.self), version: stage.serving.version.id,
                items: list.items.map(RecommendedNote.init))
            try body(String(decoding: try record.encode(as: .json), as: UTF8.self))
        }
    }

    /// The recommend stage over its store as it lies there; nil where no model version was ever published.
    func openRecommend() throws -> (RecommendStage, Store)? {
        let models = ModelTopic(client: client, topics: topics, groupPrefix: settings.kafka.groupPrefix)
        guard let choice = try ModelWatch.choice(in: models.read(), models),
            let store = try openStore(.recommend, RecommendStage.families)
        else { return nil }
        let stage = try RecommendStage(
            store: store, choice: { choice }, configuration: RecommendStage.Configuration(settings, topics),
            logger: Logger(label: "inspect"))
        return (stage, store)
    }

    /// A stage's store; nil where there is none.
    func openStore(_ stage: StageName, _ families: [ColumnFamily]) throws -> Store? {
        let path = settings.state.directory + "/" + stage.rawValue
        guard FileManager.default.fileExists(atPath: path + "/CURRENT") else { return nil }
        return try Store(path: path, families: families + [Positions.family])
    }
}
