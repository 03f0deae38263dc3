import Evaluation
import Foundation
import NoteLLM
import Pipeline

extension Notestream {
    static let evaluate = Command(
        name: "evaluate", summary: "Judge related notes, next notes and hashtags on a log of the past.",
        discussion: """
            Prequential, by the stages' own ranking code: at each first engagement in the second half of the log, where did
            the note stand in the ranking for the user's latest one, by the state just before? A model version is
            bootstrapped, and with --fit the list weights are fitted, on the first half only. The last line is JSON.
            """,
        options: Context.options + [
            .value("--notes", "FILE", "notes as JSON lines"),
            .value("--clicks", "FILE", "clicks as tab-separated lines"),
            .flag("--fit", "fit the list weights on the first half"),
            .flag("--no-tags", "leave the hashtags out, which need a bootstrap of their own"),
            .value("--save", "FILE", "write the evaluated version's artefact, with its weights, to a file"),
        ]
    ) { arguments in
        let context = try Context(arguments)
        guard let notes = arguments["--notes"], let clicks = arguments["--clicks"] else {
            throw UsageError("--notes and --clicks are needed")
        }
        var settings = PrequentialSettings()
        settings.window = try context.settings.window.settings
        let request = EvaluationRequest(
            notesPath: notes, clicksPath: clicks, baseModelPath: context.settings.model.path,
            fits: arguments.has("--fit"), judgesTags: !arguments.has("--no-tags"),
            threads: ProcessInfo.processInfo.activeProcessorCount, settings: settings)
        let bars = StepBars()
        let outcome = try Evaluation.run(request) { step, done, total in bars.show(step.rawValue, done, total) }
        bars.finish()
        if let path = arguments["--save"] { try Data(outcome.version.artefact).write(to: URL(filePath: path)) }
        Output.line(outcome.report.text)
        Output.line(outcome.report.json)
        return .success
    }
}
