import Foundation
import NoteLLM

/// A training of either mode, step by step.
enum TrainingUnderWay {
    case quick(ProjectionTraining)
    case deep(DeepTraining)

    var isFinished: Bool {
        switch self {
        case .quick(let training): training.isFinished
        case .deep(let training): training.isFinished
        }
    }

    var progress: (done: Int, of: Int) {
        switch self {
        case .quick(let training): training.progress
        case .deep(let training): training.progress
        }
    }

    /// Steps between two checkpoints: a second or so in quick mode, more than a second each in deep mode.
    var stepsPerCheckpoint: Int {
        switch self {
        case .quick: 100
        case .deep: 1
        }
    }

    func checkpoint() throws -> Data {
        switch self {
        case .quick(let training): Data(try training.checkpoint())
        case .deep(let training): Data(try training.checkpoint())
        }
    }

    mutating func restore(_ checkpoint: Data) throws {
        switch self {
        case .quick(var training):
            try training.restore(Array(checkpoint))
            self = .quick(training)
        case .deep(var training):
            try training.restore(Array(checkpoint))
            self = .deep(training)
        }
    }

    /// Makes the next step; `name` is put into the row.
    mutating func step(_ name: String, threads: Int) throws -> LossRow {
        switch self {
        case .quick(var training):
            let step = try training.step()
            self = .quick(training)
            return LossRow(
                training: name, step: step.step, loss: step.loss, contrastive: step.contrastive, labels: step.hashtags,
                temperature: step.temperature, gradientNorm: step.gradientNorm)
        case .deep(var training):
            let step = try training.step(threads: threads)
            self = .deep(training)
            return LossRow(
                training: name, step: step.step, loss: step.loss, contrastive: step.contrastive,
                labels: step.generative, temperature: step.temperature, gradientNorm: step.gradientNorm)
        }
    }
}
