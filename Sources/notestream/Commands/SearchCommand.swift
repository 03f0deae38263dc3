import Foundation
import LanguageModel
import NoteLLM
import Pipeline

extension Notestream {
    static let search = Command(
        name: "search", summary: "Find the notes nearest to a text, by the serving model version's embedding.",
        discussion: "The text is read as a note's title; neighbours are exact, from the topic note-profiles.",
        operands: ["text"],
        options: Context.options + [.value("--count", "N", default: "10", "how many")]
    ) { arguments in
        let context = try Context(arguments)
        let count: Int = try arguments.value("--count")
        let models = try context.models
        let contents = try models.read()
        guard let serving = try models.versionInForce(contents) else {
            Output.error("no model version serves yet; start 'notestream run', or 'notestream models bootstrap'")
            return .negative
        }
        let version = try models.load(serving, from: contents)
        let encoder = try NoteEncoder(
            model: LanguageModel(path: context.settings.model.path), reading: version.manifest.reading)
        let query = version.embedding(of: try encoder.pooledState(of: NoteText(title: arguments.operands[0])))
        let found = try OutputTables(context).profiles()
            .map { (profile: $0, cosine: zip($0.embedding, query).reduce(0) { $0 + $1.0 * $1.1 }) }
            .sorted { $0.cosine > $1.cosine }
        for (profile, cosine) in found.prefix(count) {
            let tags = profile.hashtags.map { "#" + $0.tag }.joined(separator: " ")
            Output.line("  \(String(format: "%6.3f", cosine))  \(profile.note)  \(profile.title)  \(tags)")
        }
        return found.isEmpty ? .negative : .success
    }
}
