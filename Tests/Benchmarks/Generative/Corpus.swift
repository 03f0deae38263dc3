import Evaluation
import Foundation
import LanguageModel
import NoteLLM

/// The beer log with categories made of its hashtags: the site has one category, which would be no test. A note's category
/// is the commonest of its hashtags in the training period, and leaves its hashtags.
struct Corpus {
    let log: EngagementLog
    let split: PairSplit
    let model: LanguageModel
    let baseModelSHA256: String
    /// The notes of the training period.
    let notes: [TrainingNote]
    /// The later ones, to be judged.
    let later: [TrainingNote]
    private let threads: Int
    private let isQuick: Bool

    init(_ options: Options) throws {
        log = EngagementLog(
            notes: try LogFiles.notes(at: options.data.appending(path: "notes.jsonl").path),
            clicks: try LogFiles.clicks(at: options.data.appending(path: "events.tsv").path))
        split = PairSplit(log)
        model = try LanguageModel(path: options.modelPath)
        baseModelSHA256 = try SHA256.hex(file: options.modelPath)
        threads = options.threads
        isQuick = options.isQuick
        var counts: [String: Int] = [:]
        for note in log.notes.prefix(split.known) { for tag in Set(note.hashtags) { counts[tag, default: 0] += 1 } }
        let all = log.notes.map { note in
            let category = note.hashtags.filter { counts[$0] != nil }.max {
                let (one, other) = (counts[$0] ?? 0, counts[$1] ?? 0)
                return one != other ? one < other : $0 > $1
            }
            return TrainingNote(
                text: NoteText(title: note.title, content: note.content),
                hashtags: note.hashtags.filter { $0 != category }, category: category ?? "", time: note.created)
        }
        notes = Array(all.prefix(split.known))
        later = Array(all.dropFirst(split.known))
    }

    /// All notes' texts, by number.
    var texts: [NoteText] { (notes + later).map(\.text) }

    var summary: String {
        "\(notes.count) notes and \(split.training.count) pairs to learn from, \(Set(notes.map(\.category)).count) "
            + "categories; judged on \(later.count) later notes and \(split.later.count) later pairs"
    }

    /// The version that training begins from: closed form, on the training period. The language model may weigh hashtags
    /// where that helps, as behind training.
    func parent() throws -> ModelVersion {
        let encoder = try NoteEncoder(model: model)
        let states = try encoder.pooledStates(of: notes.map(\.text), threads: threads) {
            Progress.show("reading the notes", $0, $1)
        }
        let writer = try NoteWriter(model: model)
        return try Bootstrap.run(
            notes, states: states, settings: BootstrapSettings(baseModelSHA256: baseModelSHA256),
            weighing: isQuick
                ? nil
                : HashtagWeighing(writer: writer, threads: threads) { Progress.show("weighing hashtags", $0, $1) }
        ).version
    }
}
