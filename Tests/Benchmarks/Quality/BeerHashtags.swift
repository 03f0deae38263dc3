import Evaluation
import Foundation
import NoteLLM

extension BeerQuality {
    /// Notes that a quick run has the language model write for.
    private static let quickNotes = 24
    /// Texts that the beam keeps.
    private static let beamWidth = 4

    /// Hashtags of the last fifth of the notes by those of the others: R@5 and Hit@5. What is judged sees title and
    /// content alone: the notes' own hashtags and category never enter.
    func hashtags() throws -> Table {
        let training = TagJudge.trainingCount(log)
        let texts = texts
        let closed = try version(from: training)
        guard let mix = closed.manifest.hashtags else { return [] }
        let terms = TermWeights(log.notes, fitted: training)
        let commonest = TagJudge.commonest(log)
        var table: Table = []
        func judge(_ row: String, _ predict: (Int) throws(EvaluationError) -> [String]) throws {
            let figures = try TagJudge.figures(log, predict: predict)
            table.append((row, [("tags_r5", figures.recall5), ("tags_hit5", figures.hit5)]))
        }
        func judge(_ row: String, _ change: (inout HashtagMix) -> Void) throws {
            var only = mix
            change(&only)
            try judge(row) { closed.hashtags(pooled: states[$0], text: texts[$0], mix: only) }
        }
        try judge("most popular") { _ in commonest }
        try judge(Self.nearestRow) { TagJudge.vote(for: $0, log, terms, training: training) }
        try judge("linear head") { ($0.lexical, $0.title, $0.content) = (0, 0, 0) }
        try judge("lexical ridge") { ($0.linear, $0.title, $0.content) = (0, 0, 0) }
        try judge("words in the text") { ($0.linear, $0.lexical) = (0, 0) }
        try judge("these three") { _ in }

        let (written, count) = try writtenHashtags(of: closed, from: training)
        if count == log.notes.count - training {
            try judge("written, zero-shot") { written[$0] ?? [] }
        } else {
            table.append(("written, zero-shot, \(count) notes", sample(written)))
        }
        let (row, all) = try allParts(training)
        try judge(row) { all[$0] ?? [] }
        return table
    }

    /// What the untrained language model writes, held to the known hashtags.
    private func writtenHashtags(
        of version: ModelVersion, from training: Int
    ) throws -> (hashtags: [Int: [String]], count: Int) {
        let writer = try NoteWriter(model: model)
        let vocabulary = writer.vocabulary(version.hashtags)
        let notes = Array((training..<log.notes.count).prefix(isQuick ? Self.quickNotes : .max))
        let texts = texts
        let written = try writer.map(
            notes.map { texts[$0] }, threads: threads,
            progress: { [progress] in progress("beer: writing hashtags", $0, $1) }
        ) { (worker, _) throws(NoteLLMError) in
            try worker.hashtags(limit: 5, width: Self.beamWidth, from: vocabulary)
        }
        return (Dictionary(uniqueKeysWithValues: zip(notes, written.map { $0.map(\.text) })), notes.count)
    }

    /// All parts, the language model among them where validation on the notes for learning found that it helps.
    private func allParts(_ training: Int) throws -> (row: String, hashtags: [Int: [String]]) {
        let writer = try NoteWriter(model: model)
        let weighing = HashtagWeighing(writer: writer, threads: threads) { [progress] in
            progress("beer: weighing hashtags", $0, $1)
        }
        let version = try version(from: training, weighing: isQuick ? nil : weighing)
        let profiler = try NoteProfiler(version, model: model, baseModelSHA256: baseModelSHA256)
        let numbers = Array(training..<log.notes.count)
        let texts = texts
        let profiles = try profiler.profiles(of: numbers.map { (texts[$0], states[$0]) }, threads: threads) {
            [progress] in progress("beer: profiling", $0, $1)
        }
        let weight = version.manifest.hashtags?.generation ?? 0
        let row = isQuick ? "all, language model not asked" : "all, language model's weight \(weight.formatted())"
        let hashtags = profiles.map { $0.profile.hashtags.map(\.tag) }
        return (row, Dictionary(uniqueKeysWithValues: zip(numbers, hashtags)))
    }

    /// Figures over the notes that were written for.
    private func sample(_ written: [Int: [String]]) -> [(name: String, value: Double)] {
        let shares = written.map { number, tags in
            let truth = Set(log.notes[number].hashtags)
            return Double(truth.intersection(tags).count) / Double(max(truth.count, 1))
        }
        let count = Double(max(shares.count, 1))
        return [
            ("tags_r5", shares.reduce(0, +) / count), ("tags_hit5", Double(shares.count { $0 > 0 }) / count),
        ]
    }
}
