import Evaluation
import Foundation
import LanguageModel
import NoteLLM
import Pipeline
import Schemas

extension Notestream {
    static let models = Command(
        name: "models", summary: "Make model versions, and see which there are.",
        subcommands: [
            Command(
                name: "bootstrap", summary: "Make a model version from past notes and let it serve.",
                discussion: """
                    In closed form, within seconds once the notes are read by the language model: principal components for
                    the embedding, ridge regressions for hashtags and category, learned from the notes' own. The same notes
                    give the same version. Notes profiled under another version are profiled again at the next start of
                    'run'.
                    """,
                options: Context.options + [
                    .value("--notes", "FILE", "past notes as JSON lines"),
                    .flag("--topic", "past notes from the topic notes"),
                    .value("--first", "SHARE", default: "1", "only the first share of them by time, as in 0.5"),
                    .flag("--do-not-serve", "publish it without letting it serve"),
                ], action: bootstrap),
            Command(
                name: "publish",
                summary: "Publish a version from a file that 'evaluate --save' wrote, and let it serve.",
                operands: ["file"],
                options: Context.options + [.flag("--do-not-serve", "publish it without letting it serve")]
            ) { arguments in
                let context = try Context(arguments)
                let version = try ModelVersion(artefact: Array(Data(contentsOf: URL(filePath: arguments.operands[0]))))
                try context.models
                    .publish(version, serves: !arguments.has("--do-not-serve"))
                Output.line("model version \(version.id)")
                return .success
            },
            Command(
                name: "list", summary: "List the published versions; the serving one is starred.",
                options: Context.options
            ) { arguments in
                let context = try Context(arguments)
                let contents = try context.models.read()
                for manifest in contents.manifests {
                    let star = manifest.version == contents.serving ? "*" : " "
                    Output.line("\(star) \(manifest.version)  \(manifest.time.map(String.init(describing:)) ?? "-")")
                }
                return contents.manifests.isEmpty ? .negative : .success
            },
            Command(
                name: "show", summary: "Print a version's manifest as JSON.", operands: ["version"],
                options: Context.options
            ) { arguments in
                let context = try Context(arguments)
                let topic = context.models
                let version = try topic.load(arguments.operands[0], from: topic.read())
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                Output.line(String(decoding: try encoder.encode(version.manifest), as: UTF8.self))
                return .success
            },
        ])

    private static func bootstrap(_ arguments: Arguments) throws -> ExitCode {
        let context = try Context(arguments)
        let share: Double = try arguments.value("--first")
        guard share > 0, share <= 1 else {
            throw UsageError("--first: \(share) is no share; give one above 0, at most 1")
        }
        guard (arguments["--notes"] != nil) != arguments.has("--topic") else {
            throw UsageError("give either --notes FILE or --topic")
        }
        let all = try arguments["--notes"].map(TrainingNotes.read(file:)) ?? TrainingNotes.read(topic: context)
        let notes = Bootstrap.sample(TrainingNotes.first(share, of: all), limit: 20_000)
        let version = try ModelMaking.bootstrap(notes, modelPath: context.settings.model.path)
        try context.models
            .publish(version, serves: !arguments.has("--do-not-serve"))
        Output.line("model version \(version.id), from \(notes.count) notes, \(version.hashtags.count) hashtags")
        return .success
    }
}

/// Past notes to learn from.
enum TrainingNotes {
    static func read(file path: String) throws -> [TrainingNote] {
        try LogFiles.notes(at: path).map { note in
            TrainingNote(
                text: NoteText(title: note.title, content: note.content), hashtags: note.hashtags,
                category: note.category, time: note.created)
        }
    }

    static func read(topic context: Context) throws -> [TrainingNote] {
        let table = try TopicReader(context.client).table(context.topics.places(of: .notes))
        return table.values.compactMap { record in
            guard case .upsert(let note)? = try? IncomingNote.decode(record) else { return nil }
            return TrainingNote(
                text: NoteText(title: note.title, content: note.content), hashtags: note.hashtags,
                category: note.category, time: note.created)
        }
    }

    /// The first share by time.
    static func first(_ share: Double, of notes: [TrainingNote]) -> [TrainingNote] {
        let ordered = notes.sorted { $0.time < $1.time }
        return Array(ordered.prefix(Int((Double(ordered.count) * share).rounded())))
    }
}

/// Making versions with the base model, with a progress bar.
enum ModelMaking {
    static func bootstrap(_ notes: [TrainingNote], modelPath: String) throws -> ModelVersion {
        let encoder = try NoteEncoder(model: LanguageModel(path: modelPath))
        let bars = StepBars()
        let states = try encoder.pooledStates(
            of: notes.map(\.text), threads: ProcessInfo.processInfo.activeProcessorCount
        ) { done, total in bars.show("reading notes", done, total) }
        bars.finish()
        let settings = BootstrapSettings(baseModelSHA256: try SHA256.hex(file: modelPath))
        return try Bootstrap.run(notes, states: states, settings: settings).version
    }
}
