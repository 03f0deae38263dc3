import CoOccurrence
import EventLog
import Foundation
import LanguageModel
import LexicalIndex
import NoteLLM
import Ranking
import Schemas
import StateStore
import Synchronization

/// What can be asked of the stages that run in this process. From any thread; what is not a look-up waits for the stage.
package final class PipelineAnswers: Sendable {
    private let noteLookup: NoteLookup?
    private let userLookup: UserLookup?
    private let questions: StageQuestions<RecommendStage>?
    private let choice: @Sendable () -> ModelChoice?
    private let embedder: TextEmbedder
    private let stateDirectory: String
    /// The status of the stages here, by name.
    package let statuses: [StageName: StageStatus]

    init(
        statuses: [StageName: StageStatus], notes: NoteLookup?, users: UserLookup?,
        questions: StageQuestions<RecommendStage>?, modelPath: String, stateDirectory: String,
        choice: @escaping @Sendable () -> ModelChoice?
    ) {
        self.statuses = statuses
        noteLookup = notes
        userLookup = users
        self.questions = questions
        self.choice = choice
        self.stateDirectory = stateDirectory
        embedder = TextEmbedder(modelPath: modelPath)
    }

    /// The model version that is to serve; nil where no stage here needs one.
    package var modelVersion: String? { choice()?.target.id }

    /// Bytes that the stages' stores take on disk.
    package var storeBytes: [StageName: Int] {
        statuses.keys.reduce(into: [:]) { sizes, stage in
            let folder = URL(filePath: stateDirectory).appending(path: stage.rawValue)
            let files = try? FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.fileSizeKey])
            // Files come and go meanwhile.
            sizes[stage] = files?.reduce(0) {
                $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
            }
        }
    }

    // MARK: - Look-ups

    /// A note's profile.
    ///
    /// - Throws: ``AnswerRefusal``: `unknown` where no such note is alive.
    package func profile(_ id: [UInt8]) throws -> NoteProfile {
        guard let profile = try notes.profile(id) else { throw unknown(to: .recommend) }
        return profile
    }

    /// The profiles of those of some notes that are alive.
    package func profiles(_ ids: some Sequence<[UInt8]>) throws -> [[UInt8]: NoteProfile] { try notes.profiles(ids) }

    /// The last list sent of a note, as JSON.
    ///
    /// - Throws: ``AnswerRefusal``: `unknown` where no such note is alive, `elsewhere` where another instance keeps its list.
    package func list(of note: [UInt8], count: Int) throws -> [UInt8] {
        try requireOwned(note)
        if let list = try notes.list(of: note, count: count) { return list }
        _ = try profile(note)
        throw AnswerRefusal.notReady("its list is being made")
    }

    /// What a user clicked in the window, the latest first.
    ///
    /// - Throws: ``AnswerRefusal``: `unknown` where nobody knows the user, `elsewhere` where another instance may.
    package func clicks(of user: [UInt8], partitions: Int32) throws -> [UserWindowRow.Click] {
        guard let userLookup, let status = statuses[.session] else { throw AnswerRefusal.notHere(.session) }
        let owned = status.now.partitions
        if let clicks = try userLookup.clicks(of: user, in: owned) { return clicks }
        let partition = Partitioner.partition(for: user, count: partitions)
        if owned.count < Int(partitions), !owned.contains(partition) {
            throw AnswerRefusal.elsewhere(.session, partition: partition)
        }
        throw unknown(to: .session)
    }

    /// What a stage does not know: perhaps not yet, while it catches up.
    private func unknown(to stage: StageName) -> AnswerRefusal {
        statuses[stage]?.now.isReady == true ? .unknown : .notReady("the stage '\(stage.rawValue)' is catching up")
    }

    // MARK: - Questions to the stage

    /// A list made to order.
    package func list(of note: [UInt8], _ request: ListRequest) throws -> MadeList {
        try requireOwned(note)
        guard let list = try ask({ try $0.list(of: note, request, in: $1) }) else {
            throw unknown(to: .recommend)
        }
        return list
    }

    /// What may interest a user who touched these notes, the last one first.
    package func list(forWhoTouched notes: [[UInt8]], _ request: ListRequest) throws -> MadeList {
        try ask { try $0.list(forWhoTouched: notes, request, in: $1) }
    }

    /// The notes nearest to a text, which is read as a note's title.
    package func search(_ text: String, _ request: ListRequest) throws -> MadeList {
        let version = try notes.servingVersion()
        let terms = Terms.split(text)
        let vector = try embedder.embedding(of: text, under: version)
        return try ask { stage, _ in
            guard stage.serving.version.id == version.id else {
                throw AnswerRefusal.notReady("the index has just gone over to another model version")
            }
            return try stage.search(vector, terms: terms, request)
        }
    }

    /// The newest notes' profiles, newest first.
    package func newest(_ count: Int) throws -> [NoteProfile] {
        let ids = try ask { stage, _ in stage.newest(count) }
        let profiles = try notes.profiles(ids)
        return ids.compactMap { profiles[$0] }
    }

    /// What is new and busy in a category, or in all of them.
    package func trending(_ category: String?) throws -> Schemas.Trending {
        try ask { stage, _ in stage.trendingRecord(category) }
    }

    /// Some notes with their embeddings.
    package func sample(_ count: Int) throws -> NoteSample { try ask { stage, _ in stage.sample(count) } }

    private func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (RecommendStage, Store) throws -> Answer
    ) throws -> Answer {
        guard let questions else { throw AnswerRefusal.notHere(.recommend) }
        return try questions.ask(question)
    }

    private var notes: NoteLookup {
        get throws(AnswerRefusal) {
            guard let noteLookup else { throw .notHere(.recommend) }
            return noteLookup
        }
    }

    private func requireOwned(_ note: [UInt8]) throws {
        let partition = try notes.partition(of: note)
        guard let now = statuses[.recommend]?.now, !now.partitions.isEmpty else {
            throw AnswerRefusal.notReady("no partition is assigned yet")
        }
        guard now.partitions.contains(partition) else {
            throw AnswerRefusal.elsewhere(.recommend, partition: partition)
        }
    }
}

/// Why there is no answer.
package enum AnswerRefusal: Error, Sendable, Equatable {
    /// Nobody knows what was asked for.
    case unknown
    /// The stage that knows does not run in this process.
    case notHere(StageName)
    /// The instance that owns this partition knows.
    case elsewhere(StageName, partition: Int32)
    /// In a moment, perhaps.
    case notReady(String)
}

/// Reads texts as notes are read. The base model is opened at the first use: not every instance is asked.
final class TextEmbedder: Sendable {
    private let modelPath: String
    private let opened = Mutex<(version: String, encoder: NoteEncoder)?>(nil)

    init(modelPath: String) { self.modelPath = modelPath }

    func embedding(of text: String, under version: ModelVersion) throws -> [Float] {
        let encoder = try opened.withLock { opened in
            if let opened, opened.version == version.id { return opened.encoder }
            let encoder = try version.makeEncoder(
                model: LanguageModel(path: modelPath), baseModelSHA256: SHA256.hex(file: modelPath))
            opened = (version.id, encoder)
            return encoder
        }
        return version.embedding(of: try encoder.pooledState(of: NoteText(title: text)))
    }
}
