import Evaluation
import Foundation
import LanguageModel
import NoteLLM
import Tensors

/// Judges a version on the later part of the log: by its heads, and by what its language model writes.
struct Judge {
    /// Later notes that a quick run has written for.
    private static let quickNotes = 16
    private static let beamWidth = 4

    private let corpus: Corpus
    private let options: Options

    init(_ corpus: Corpus, _ options: Options) {
        self.corpus = corpus
        self.options = options
    }

    struct Figures {
        /// Of the category head, and of what the language model writes, held to the known categories.
        var category = 0.0
        var categoryWritten = 0.0
        /// R@5 of all parts, and of what the language model writes alone, held to the known hashtags.
        var hashtags = 0.0
        var hashtagsWritten = 0.0
        /// Of the language model among the hashtags' parts, as validation found it on the notes for learning.
        var weight = 0.0
        /// R@10 of the later pairs by the cosine of embeddings.
        var related = 0.0
        /// Notes that the language model wrote for.
        var written = 0

        private var fields: [(String, Double)] {
            [
                ("category_accuracy", category), ("category_accuracy_written", categoryWritten),
                ("hashtags_r5", hashtags), ("hashtags_r5_written", hashtagsWritten), ("generation_weight", weight),
                ("related_r10", related),
            ]
        }

        var text: String {
            fields.map { "\($0) \(String(format: "%.4f", $1))" }.joined(separator: ", ") + " (\(written) notes written)"
        }

        var json: String {
            "{" + fields.map { "\"\($0)\": \(String(format: "%.4f", $1))" }.joined(separator: ", ")
                + ", \"written\": \(written)}"
        }
    }

    func figures(of version: ModelVersion, _ name: String) throws -> Figures {
        let model = try version.languageModel(over: corpus.model)
        let encoder = try NoteEncoder(model: model, reading: version.manifest.reading)
        let states = try encoder.pooledStates(of: corpus.texts, threads: options.threads) {
            Progress.show("\(name): reading", $0, $1)
        }
        let later = Array(states.dropFirst(corpus.notes.count))
        let profiler = try NoteProfiler(version, model: corpus.model, baseModelSHA256: corpus.baseModelSHA256)
        let profiles = try profiler.profiles(
            of: zip(corpus.later, later).map { ($0.text, $1) }, threads: options.threads
        ) { Progress.show("\(name): profiling", $0, $1) }
        var figures = Figures()
        figures.category = accuracy(corpus.later, later.map(version.likeliestCategory))
        figures.weight = version.manifest.hashtags?.generation ?? 0
        figures.hashtags = recall(corpus.later, profiles.map { $0.profile.hashtags.map(\.tag) })
        figures.related = related(states.map(version.embedding))

        let notes = Array(corpus.later.prefix(options.isQuick ? Self.quickNotes : .max))
        let written = try write(notes.map(\.text), version, model, name)
        figures.categoryWritten = accuracy(notes, written.map(\.category))
        figures.hashtagsWritten = recall(notes, written.map(\.hashtags))
        figures.written = notes.count
        return figures
    }

    private func write(
        _ texts: [NoteText], _ version: ModelVersion, _ model: LanguageModel, _ name: String
    ) throws -> [(category: String?, hashtags: [String])] {
        let writer = try NoteWriter(model: model, reading: version.manifest.reading)
        let (tags, categories) = (writer.vocabulary(version.hashtags), writer.vocabulary(version.categories))
        return try writer.map(
            texts, threads: options.threads, progress: { Progress.show("\(name): writing", $0, $1) }
        ) { (worker, _) throws(NoteLLMError) in
            let category = try worker.category(width: Self.beamWidth, from: categories)?.text
            let hashtags = try worker.hashtags(limit: 5, width: Self.beamWidth, from: tags).map(\.text)
            return (category, hashtags)
        }
    }

    private func accuracy(_ notes: [TrainingNote], _ found: [String?]) -> Double {
        let judged = zip(notes, found).filter { !$0.0.category.isEmpty }
        return Double(judged.count { $0.0.category == $0.1 }) / Double(max(judged.count, 1))
    }

    private func recall(_ notes: [TrainingNote], _ found: [[String]]) -> Double {
        let shares = zip(notes, found).compactMap { note, tags -> Double? in
            guard !note.hashtags.isEmpty else { return nil }
            return Double(Set(note.hashtags).intersection(tags.prefix(5)).count) / Double(Set(note.hashtags).count)
        }
        return shares.reduce(0, +) / Double(max(shares.count, 1))
    }

    private func related(_ embeddings: [[Float]]) -> Double {
        RetrievalFigures(
            ranks: PairRetrieval.ranks(corpus.split.later, scores: PairRetrieval.cosines(Matrix(embeddings)))
        ).recall10
    }
}
