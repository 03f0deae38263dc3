import Evaluation
import Foundation
import LanguageModel
import NoteLLM

/// Deep training on the beer log, on both losses: what it does to categories, hashtags and related notes, judged before and
/// after on the same later part of the log.
@main
struct GenerativeBenchmark {
    static func main() throws {
        let options: Options
        do {
            options = try Options(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(64)
        }
        guard FileManager.default.fileExists(atPath: options.modelPath),
            FileManager.default.fileExists(atPath: options.data.appending(path: "notes.jsonl").path)
        else {
            print("There is no model at \(options.modelPath), or no beer log at \(options.data.path).")
            print("Run Ops/setup for the model, or set NOTESTREAM_MODEL; give the log's folder with --data.")
            print("{\"skipped\": true}")
            return
        }
        let corpus = try Corpus(options)
        let judge = Judge(corpus, options)
        print(corpus.summary)
        let parent = try corpus.parent()
        let before = try judge.figures(of: parent, "before")
        print("before: \(before.text)")

        let start = ContinuousClock.now
        var training = try DeepTraining(
            parent: parent, model: corpus.model, notes: corpus.notes, pairs: corpus.split.training,
            settings: options.settings)
        var checkpoint = Checkpoint(options, parent: parent)
        try checkpoint.restore(&training)
        while !training.isFinished {
            let step = try training.step(threads: options.threads)
            checkpoint.log(step, training.progress)
            if step.step % options.checkpointSteps == 0 || training.isFinished { try checkpoint.save(training) }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let trained = try training.version(weighsHashtags: !options.isQuick, threads: options.threads) {
            Progress.show("reading the notes again", $0, $1)
        }
        let after = try judge.figures(of: trained, "after")
        print("before: \(before.text)")
        print("after:  \(after.text)")
        print(
            "{\"steps\": \(options.settings.steps), \"seconds\": \(Int(seconds)), \"quick\": \(options.isQuick), "
                + "\"notes\": \(corpus.notes.count), \"pairs\": \(corpus.split.training.count), "
                + "\"later_pairs\": \(corpus.split.later.count), \"loss\": \(checkpoint.losses), "
                + "\"before\": \(before.json), \"after\": \(after.json)}")
    }
}

/// One line on standard error that says how far a step is.
enum Progress {
    static func show(_ what: String, _ done: Int, _ total: Int) {
        let width = 30
        let filled = total == 0 ? width : width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
        let end = done == total ? "\n" : ""
        FileHandle.standardError.write(Data("\r\(bar) \(done)/\(total) \(what)\(end)".utf8))
    }
}
