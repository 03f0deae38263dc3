import Evaluation
import Foundation
import LanguageModel
import NoteLLM
import Pipeline
import Retraining
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
                    give the same version. A running service takes it up at once.
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
                name: "list",
                summary: "List the published versions with the gate's verdicts; the serving one is starred.",
                options: Context.options, action: list),
            Command(
                name: "show", summary: "Print a version's manifest and the gate's report as JSON.",
                operands: ["version"],
                options: Context.options, action: show),
            Command(
                name: "promote", summary: "Let a published version serve, whatever the gate said.",
                discussion: """
                    Running services take it up within a second. Lists stay with the present version until every note has a
                    profile under the new one, then change over at once.
                    """,
                operands: ["version"], options: Context.options
            ) { arguments in
                try Context(arguments).models.promote(arguments.operands[0])
                Output.line("model version \(arguments.operands[0]) is to serve")
                return .success
            },
            Command(
                name: "rollback", summary: "Let the version that served before serve again.", options: Context.options
            ) { arguments in
                let models = try Context(arguments).models
                guard let previous = try models.read().previous else {
                    Output.error("there is no version to go back to; 'models list' shows which there are")
                    return .negative
                }
                try models.promote(previous)
                Output.line("model version \(previous) is to serve again")
                return .success
            },
        ])

    private static func list(_ arguments: Arguments) throws -> ExitCode {
        let models = try Context(arguments).models
        let contents = try models.read()
        let inForce = try models.versionInForce(contents)
        for manifest in contents.manifests {
            let id = manifest.version
            let star = id == contents.serving ? "*" : " "
            var notes: [String] = []
            if id == contents.previous { notes.append("previous") }
            if id == inForce, id != contents.serving { notes.append("in force until notes are profiled anew") }
            if let report = RetrainReport(json: manifest.report) {
                notes.append("from \(report.parent)")
                let gain = String(format: "%+.4f", report.verdict.gain)
                notes.append(
                    report.verdict.isPromoted
                        ? "passed the gate (pair MRR \(gain))"
                        : "refused: " + report.verdict.reasons.joined(separator: "; "))
            }
            let time = manifest.time.map(String.init(describing:)) ?? "-"
            Output.line("\(star) \(id)  \(time)" + (notes.isEmpty ? "" : "  " + notes.joined(separator: ", ")))
        }
        return contents.manifests.isEmpty ? .negative : .success
    }

    private static func show(_ arguments: Arguments) throws -> ExitCode {
        let models = try Context(arguments).models
        let contents = try models.read()
        let version = try models.load(arguments.operands[0], from: contents)
        let report = contents.manifests.last { $0.version == version.id }.flatMap { RetrainReport(json: $0.report) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let shown = ShownVersion(version: version.id, manifest: version.manifest, report: report)
        Output.line(String(decoding: try encoder.encode(shown), as: UTF8.self))
        return .success
    }

    /// What `models show` prints.
    private struct ShownVersion: Encodable {
        let version: String
        let manifest: VersionManifest
        let report: RetrainReport?
    }

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
