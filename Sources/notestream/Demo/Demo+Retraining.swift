import Foundation
import Pipeline
import Retraining
import Schemas

/// The demonstration's last act: the model is trained on the log's own clicks, judged, and swapped while everything runs.
extension Demo {
    /// What the last line says of it.
    struct Retraining {
        let isPromoted: Bool
        let gain: Double
        let seconds: Double
        /// From the promotion to the last list of the new version; nil where nothing was promoted.
        let swapSeconds: Double?

        /// A JSON object.
        var json: String {
            let swap = swapSeconds.map { String(format: "%.1f", $0) } ?? "null"
            return "{\"promoted\": \(isPromoted), \"pair_mrr_gain\": \(String(format: "%.4f", gain)), \"seconds\": "
                + "\(String(format: "%.1f", seconds)), \"swap_seconds\": \(swap)}"
        }
    }

    /// Trains once, unless that was done on this log before; nil then.
    func retrain(_ watcher: OutputWatcher, _ stopping: StopSignal) throws -> Retraining? {
        guard try context.models.read().manifests.allSatisfy(\.report.isEmpty) else {
            Output.line("\nThe model was trained on this log before; 'notestream models list' shows what came of it.")
            return nil
        }
        Output.line("\nTraining the model on what was clicked together …")
        let bars = StepBars()
        let retrainer = try Retrainer(
            settings: context.settings, topics: context.topics, client: context.client, logger: context.logger
        ) { step, done, total, loss in bars.show(step, done, total, loss.map { String(format: "loss %.4f", $0) } ?? "")
        }
        var request = Retrainer.Request()
        request.threads = ProcessInfo.processInfo.activeProcessorCount
        let report: RetrainReport?
        do {
            report = try retrainer.trainOnce(request, until: stopping)
        } catch let error as RetrainError where error.kind == .data {
            bars.finish()
            Output.line("No training: \(error)")
            return nil
        }
        bars.finish()
        guard let report else { return nil }
        Output.line("\n" + report.text)
        let verdict = report.verdict
        guard verdict.isPromoted else {
            return Retraining(isPromoted: false, gain: verdict.gain, seconds: report.seconds, swapSeconds: nil)
        }
        let before = watcher.look(\.lists)
        let start = ContinuousClock.now
        while !watcher.look({ $0.lists.values.allSatisfy { $0.version == report.version } }), !stopping.isSet {
            guard ContinuousClock.now - start < .seconds(120) else { break }
            stopping.wait(.milliseconds(50))
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        showChange(before, watcher, report.version)
        return Retraining(isPromoted: true, gain: verdict.gain, seconds: report.seconds, swapSeconds: seconds)
    }

    /// The list that changed most.
    private func showChange(
        _ before: [[UInt8]: RecommendationList], _ watcher: OutputWatcher, _ version: String
    ) {
        let text = watcher.look { state -> String? in
            let changes = before.compactMap { note, old -> (note: [UInt8], left: Int)? in
                guard let new = state.lists[note] else { return nil }
                let stayed = Set(new.items.prefix(5).map(\.note))
                return (note, old.items.prefix(5).count { !stayed.contains($0.note) })
            }
            let most = changes.max { ($0.left, $1.note.count) < ($1.left, $0.note.count) }
            guard let most, most.left > 0, let old = before[most.note], let new = state.lists[most.note] else {
                return nil
            }
            let known = Set(old.items.prefix(5).map(\.note))
            func title(_ note: String) -> String { state.profiles[Array(note.utf8)]?.title ?? note }
            var lines = ["● \(title(String(decoding: most.note, as: UTF8.self))), by model version \(version):"]
            for item in new.items.prefix(5) {
                lines.append("    \(known.contains(item.note) ? " " : "+") \(title(item.note))  (\(item.reason))")
            }
            let stayed = Set(new.items.prefix(5).map(\.note))
            for item in old.items.prefix(5) where !stayed.contains(item.note) {
                lines.append("    - \(title(item.note))")
            }
            return lines.joined(separator: "\n")
        }
        Output.line("\n" + (text ?? "No list changed in its first five places."))
    }
}
