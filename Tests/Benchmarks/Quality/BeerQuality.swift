import CoOccurrence
import Evaluation
import Foundation
import LanguageModel
import NoteLLM

/// What the beer log says of hashtags, of what is touched next and of pairs of notes: everything is fitted on the first
/// part by time and judged on the rest, once.
struct BeerQuality {
    /// Figures by row, and of each row by name.
    typealias Table = [(row: String, figures: [(name: String, value: Double)])]

    let log: EngagementLog
    let model: LanguageModel
    let baseModelSHA256: String
    let threads: Int
    /// Fewer notes are written for, and the language model is asked about fewer.
    let isQuick: Bool
    let progress: @Sendable (_ step: String, _ done: Int, _ total: Int) -> Void
    /// One pooled state per note of the log.
    private(set) var states: [[Float]] = []

    /// Reads the log in `folder` and its notes.
    init(
        folder: URL, model: LanguageModel, baseModelSHA256: String, threads: Int, isQuick: Bool,
        progress: @escaping @Sendable (_ step: String, _ done: Int, _ total: Int) -> Void
    ) throws {
        log = EngagementLog(
            notes: try LogFiles.notes(at: folder.appending(path: "notes.jsonl").path),
            clicks: try LogFiles.clicks(at: folder.appending(path: "events.tsv").path))
        self.model = model
        self.baseModelSHA256 = baseModelSHA256
        self.threads = threads
        self.isQuick = isQuick
        self.progress = progress
        states = try NoteEncoder(model: model).pooledStates(of: texts, threads: threads) {
            progress("beer: reading notes", $0, $1)
        }
    }

    var texts: [NoteText] { log.notes.map { NoteText(title: $0.title, content: $0.content) } }

    /// The notes with their authors' labels, to learn from.
    func trainingNotes(_ count: Int) -> [TrainingNote] {
        log.notes.prefix(count).map { note in
            TrainingNote(
                text: NoteText(title: note.title, content: note.content), hashtags: note.hashtags,
                category: note.category, time: note.created)
        }
    }

    /// A version in closed form from the first `count` notes.
    func version(from count: Int, weighing: HashtagWeighing? = nil) throws -> ModelVersion {
        try Bootstrap.run(
            trainingNotes(count), states: Array(states.prefix(count)),
            settings: BootstrapSettings(baseModelSHA256: baseModelSHA256), weighing: weighing
        ).version
    }
}
