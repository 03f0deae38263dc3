import Foundation
import NoteLLM

/// Where training stands, on disk: a run that was broken off goes on from its last checkpoint, bit by bit.
struct Checkpoint {
    private let file: URL
    private let curve: URL
    private let start = ContinuousClock.now
    private var startStep = 0
    private(set) var steps: [DeepTraining.Step] = []

    init(_ options: Options, parent: ModelVersion) {
        let name = "beer-\(parent.id)-\(options.settings.steps)x\(options.settings.batch)"
        file = options.folder.appending(path: name + ".checkpoint")
        curve = options.folder.appending(path: name + ".loss.tsv")
    }

    /// Goes on where the last run stopped, if one did.
    mutating func restore(_ training: inout DeepTraining) throws {
        guard let bytes = try? Data(contentsOf: file) else {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("step\tloss\tcontrastive\tgenerative\ttemperature\tgradient\n".utf8).write(to: curve)
            return
        }
        do {
            try training.restore(Array(bytes))
            startStep = training.progress.done
            print("going on behind step \(startStep), from \(file.path)")
        } catch {
            print("\(file.path) is of another run and is left out: \(error)")
        }
    }

    func save(_ training: DeepTraining) throws {
        try Data(try training.checkpoint()).write(to: file, options: .atomic)
    }

    mutating func log(_ step: DeepTraining.Step, _ progress: (done: Int, of: Int)) {
        steps.append(step)
        let numbers = [step.loss, step.contrastive, step.generative, step.temperature, step.gradientNorm]
        let line = "\(step.step)\t" + numbers.map { String(format: "%.4f", $0) }.joined(separator: "\t") + "\n"
        if let handle = try? FileHandle(forWritingTo: curve) {
            defer { try? handle.close() }
            _ = try? handle.seekToEnd()
            handle.write(Data(line.utf8))
        }
        let perStep = (ContinuousClock.now - start) / .seconds(1) / Double(max(progress.done - startStep, 1))
        let left = Int(perStep * Double(progress.of - progress.done) / 60)
        let losses = String(
            format: "training: contrastive %.3f, generative %.3f, %.1f s a step, %d min left", step.contrastive,
            step.generative, perStep, left)
        Progress.show(losses, progress.done, progress.of)
    }

    /// The first and the last losses of this run, as JSON.
    var losses: String {
        func text(_ step: DeepTraining.Step?) -> String {
            guard let step else { return "null" }
            return String(
                format: "{\"step\": %d, \"contrastive\": %.4f, \"generative\": %.4f}", step.step, step.contrastive,
                step.generative)
        }
        return "{\"first\": \(text(steps.first)), \"last\": \(text(steps.last))}"
    }
}
