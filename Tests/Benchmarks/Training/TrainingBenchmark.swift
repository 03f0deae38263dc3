import Foundation
import LanguageModel
import NoteLLM

/// How long a step of deep training takes, and its memory: a batch of pairs of full-length notes, an adapter below a
/// reading after layer 8, with and without the generative loss through all layers.
///
///     TrainingBenchmark [pairs] [threads] [steps]
@main
struct TrainingBenchmark {
    static func main() throws {
        let cached = NSHomeDirectory() + "/.cache/notestream/SmolLM2-135M-Instruct.Q4_1.gguf"
        let path = ProcessInfo.processInfo.environment["NOTESTREAM_MODEL"] ?? cached
        guard FileManager.default.fileExists(atPath: path) else {
            print("No model at \(path): set NOTESTREAM_MODEL, or run Ops/setup, which fetches it.")
            print("{\"skipped\": true}")
            return
        }
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let pairCount = arguments.first ?? 8
        let threads = arguments.dropFirst().first ?? 1
        let steps = arguments.dropFirst(2).first ?? 2
        let model = try LanguageModel(path: path)
        let notes = madeUpNotes(4 * pairCount)
        let states = try NoteEncoder(model: model).pooledStates(of: notes.map(\.text), threads: threads)
        let parent = try Bootstrap.run(
            notes, states: states, settings: BootstrapSettings(baseModelSHA256: "", dimension: 32)
        ).version
        let pairs = (0..<2 * pairCount).map { TrainingPair(source: 2 * $0, target: 2 * $0 + 1) }
        let prompt = NotePrompt().tokens(of: notes[0].text, by: model.tokenizer)
        print("\(pairCount) pairs of notes of \(prompt.prefix.count + prompt.body.count) tokens, \(threads) thread(s)")

        var results: [String] = []
        for (name, weight) in [("contrast", Float(0)), ("both", Float(0.01))] {
            var settings = DeepTraining.Settings()
            settings.steps = steps
            settings.batch = pairCount
            settings.generativeWeight = weight
            settings.warmup = 1
            var training = try DeepTraining(
                parent: parent, model: model, notes: notes, pairs: pairs, settings: settings)
            let before = memory()
            let start = ContinuousClock().now
            while !training.isFinished {
                let step = try training.step(threads: threads)
                print(
                    "\(name) step \(step.step): loss \(text(step.loss)) = contrastive \(text(step.contrastive)), "
                        + "generative \(text(step.generative)); gradient \(text(step.gradientNorm))")
            }
            let seconds = (ContinuousClock().now - start) / .seconds(1) / Double(steps)
            print("\(name): \(text(seconds)) s a step; peak memory \(before) → \(memory()) MB")
            results.append("\"\(name)_seconds_per_step\": \(text(seconds)), \"\(name)_peak_mb\": \(memory())")
        }
        print("{\"pairs\": \(pairCount), \"threads\": \(threads), \(results.joined(separator: ", "))}")
    }

    /// Notes in twos that share words, long enough to fill the prompt.
    static func madeUpNotes(_ count: Int) -> [TrainingNote] {
        let words = [
            "river", "bridge", "harbour", "market", "castle", "garden", "forest", "island", "station", "museum",
            "valley",
            "temple", "village", "tower", "beach", "mountain",
        ]
        return (0..<count).map { note in
            let theme = note / 2
            let content = (0..<60).map { words[($0 * (theme % 7 + 1) + theme + $0 / 7 * (note % 2)) % words.count] }
            return TrainingNote(
                text: NoteText(
                    title: "A walk by the \(words[theme % 16]) and the \(words[(theme * 5 + 3) % 16]), part \(note)",
                    content: content.joined(separator: " ")),
                hashtags: [words[theme % 16], words[(theme + 1) % 16]], category: "walks", time: Int64(note))
        }
    }

    /// The process's largest memory so far, MB.
    static func memory() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
        return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
    }

    static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}
