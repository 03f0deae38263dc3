import Foundation
import NoteLLM
import Support

/// A small made-up corpus: each note is about one of a few themes; its words, state, hashtags and category follow from
/// the theme, with noise.
struct Corpus {
    var notes: [TrainingNote] = []
    var states: [[Float]] = []

    static let width = 24

    init(count: Int, themes: Int = 4, seed: UInt64 = 1, hashtags: Bool = true, categories: Int = 2) {
        var random = SeededGenerator(seed: seed)
        let centres = (0..<themes).map { _ in (0..<Self.width).map { _ in Float.random(in: -1...1, using: &random) } }
        for note in 0..<count {
            let theme = Int.random(in: 0..<themes, using: &random)
            let words = (0..<8).map { _ in "word\(theme)x\(Int.random(in: 0..<6, using: &random))" }
            let noise = (0..<4).map { _ in "noise\(Int.random(in: 0..<200, using: &random))" }
            var tags = hashtags ? ["theme\(theme)"] : []
            if hashtags, Bool.random(using: &random) { tags.append("tag\(theme)") }
            notes.append(
                TrainingNote(
                    text: NoteText(
                        title: "Note \(note) on \(words[0])", content: (words + noise).joined(separator: " ")),
                    hashtags: tags, category: categories == 0 ? "" : "category\(theme % categories)",
                    time: Int64(note) * 1_000))
            states.append(centres[theme].map { 3 * $0 + Float.random(in: -1...1, using: &random) })
        }
    }

    func bootstrap(_ change: (inout BootstrapSettings) -> Void = { _ in }) throws -> ModelVersion {
        var settings = BootstrapSettings(baseModelSHA256: "base")
        settings.dimension = 8
        change(&settings)
        return try Bootstrap.run(notes, states: states, settings: settings).version
    }
}

/// The real notes of the beer log, by time; nil where they are not.
struct BeerNotes {
    let notes: [TrainingNote]

    private struct Line: Decodable {
        let title: String
        let content: String
        let hashtags: [String]
        let category: String
        let createdAt: String

        enum CodingKeys: String, CodingKey {
            case title
            case content
            case hashtags
            case category
            case createdAt = "created_at"
        }
    }

    init?() throws {
        guard let folder = SharedData.beer else { return nil }
        let text = try String(contentsOf: folder.appending(path: "notes.jsonl"), encoding: .utf8)
        let lines = try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        // Times are ISO 8601 of one form, so their order is that of their bytes.
        let sorted = lines.sorted { $0.createdAt.utf8.lexicographicallyPrecedes($1.createdAt.utf8) }
        notes = sorted.enumerated().map { position, line in
            TrainingNote(
                text: NoteText(title: line.title, content: line.content), hashtags: line.hashtags,
                category: line.category, time: Int64(position))
        }
    }
}
