import Configuration
import Foundation
import Pipeline
import Retraining

extension Notestream {
    static let retrain = Command(
        name: "retrain", summary: "Train the model on what was clicked, and let it serve where it is better.",
        discussion: """
            Reads the retained notes and clicks, learns from pairs of notes that the same people clicked one after the other,
            and judges the new version against the serving one on later pairs that it has not seen. It is promoted when the
            95 % interval of its gain lies above zero and nothing else is worse; else it is published with its report and
            left alone. Versions lie in the state directory under models/, and on the topic model-updates.

            Without --once it goes on training as the settings' section 'retrain' says. SIGINT or SIGTERM stops it; the next
            start goes on where it stopped.
            """,
        options: Context.options + [
            .flag("--once", "train now, print the report, and end; exit status 1 when the gate refused"),
            .value("--mode", "MODE", "quick or deep, in place of the configured one"),
            .value("--steps", "N", "optimiser steps, in place of the configured number"),
            .value(
                "--pairs", "FILE", "learn from given pairs: tab-separated note, related[, weight][, time] with a header"
            ),
            .flag("--do-not-promote", "publish the version without letting it serve"),
        ]
    ) { arguments in
        let context = try retrainContext(arguments)
        let bars = StepBars()
        let retrainer = try Retrainer(
            settings: context.settings, topics: context.topics, client: context.client, logger: context.logger
        ) { step, done, total, loss in
            bars.show(step, done, total, loss.map { String(format: "loss %.4f", $0) } ?? "")
        }
        var request = Retrainer.Request()
        request.pairsPath = arguments["--pairs"]
        request.promotes = !arguments.has("--do-not-promote")
        let threads = context.settings.model.threads
        request.threads = threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : threads
        let stop = StopSignal()
        let signals = StopSignals { stop.set() }
        defer { signals.cancel() }
        guard arguments.has("--once") else {
            retrainer.run(request, until: stop)
            return .success
        }
        let report = try retrainer.trainOnce(request, until: stop)
        bars.finish()
        guard let report else {
            Output.error("stopped; the next start goes on from here")
            return .success
        }
        Output.line(report.text)
        return report.verdict.isPromoted ? .success : .negative
    }

    private static func retrainContext(_ arguments: Arguments) throws -> Context {
        var context = try Context(arguments)
        if let mode = arguments["--mode"] {
            guard let mode = Settings.Retrain.Mode(rawValue: mode) else {
                throw UsageError("--mode: '\(mode)' is neither quick nor deep")
            }
            context.settings.retrain.mode = mode
        }
        if arguments["--steps"] != nil {
            context.settings.retrain.steps = try arguments.value("--steps")
            guard context.settings.retrain.steps > 0 else { throw UsageError("--steps: give a number above 0") }
        }
        return context
    }
}
