import Foundation
import Tensors

/// Adam with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2) over one flat buffer of
/// parameters.
///
/// A value: its moments and its count of steps are all its state, so that a copy, or ``init(settings:moments:)`` from
/// what ``moments`` gave, continues bit by bit. Parameters with another learning rate get an optimiser of their own.
public struct AdamW<Scalar: RealScalar>: Sendable {
    /// What does not change from step to step.
    public struct Settings: Codable, Sendable, Equatable {
        /// The highest learning rate; the schedule's factor multiplies it.
        public var learningRate: Double
        /// How slowly the mean of the gradients forgets.
        public var beta1 = 0.9
        /// How slowly the mean of their squares forgets.
        public var beta2 = 0.999
        /// Added to the root of the mean square.
        public var epsilon = 1e-8
        /// Per step, learning rate × this part of the distance to the anchor (0 where there is none) is taken away.
        public var decay: Double

        /// Adam's usual constants.
        public init(learningRate: Double, decay: Double = 0) {
            self.learningRate = learningRate
            self.decay = decay
        }
    }

    /// The state that steps leave behind: for checkpoints.
    public struct Moments: Sendable, Equatable {
        /// Exponential mean of the gradients.
        public var first: [Scalar]
        /// Exponential mean of their squares.
        public var second: [Scalar]
        /// Steps made.
        public var steps: Int

        /// Moments as they were.
        public init(first: [Scalar], second: [Scalar], steps: Int) {
            precondition(first.count == second.count && steps >= 0, "both moments have one number per parameter")
            self.first = first
            self.second = second
            self.steps = steps
        }
    }

    /// What does not change from step to step.
    public let settings: Settings
    /// What does.
    public private(set) var moments: Moments

    /// An optimiser of `count` parameters before its first step.
    public init(count: Int, settings: Settings) {
        self.settings = settings
        let zeros = [Scalar](repeating: 0, count: count)
        moments = Moments(first: zeros, second: zeros, steps: 0)
    }

    /// An optimiser that goes on from `moments`.
    public init(settings: Settings, moments: Moments) {
        self.settings = settings
        self.moments = moments
    }

    /// One step:
    /// m = β₁m + (1−β₁)g, v = β₂v + (1−β₂)g², θ −= η·(m̂ / (√v̂ + ε) + decay·(θ − anchor)), with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ).
    ///
    /// - Parameters:
    ///   - parameters: changed in place.
    ///   - gradients: one per parameter, clipped already.
    ///   - factor: the schedule's part of the learning rate in this step.
    ///   - anchor: what the decay pulls towards; nil: zero.
    public mutating func step(
        _ parameters: inout [Scalar], gradients: [Scalar], factor: Double, towards anchor: [Scalar]? = nil
    ) {
        let count = moments.first.count
        precondition(parameters.count == count && gradients.count == count, "one gradient and moment per parameter")
        precondition(anchor?.count ?? count == count, "one anchor per parameter")
        moments.steps += 1
        let (beta1, beta2) = (Scalar(settings.beta1), Scalar(settings.beta2))
        let correction1 = Scalar(1 - pow(settings.beta1, Double(moments.steps)))
        let correction2 = Scalar(1 - pow(settings.beta2, Double(moments.steps)))
        let rate = Scalar(settings.learningRate * factor)
        let decay = Scalar(settings.decay)
        let epsilon = Scalar(settings.epsilon)
        for i in 0..<count {
            let gradient = gradients[i]
            let first = beta1 * moments.first[i] + (1 - beta1) * gradient
            let second = beta2 * moments.second[i] + (1 - beta2) * gradient * gradient
            moments.first[i] = first
            moments.second[i] = second
            let direction = first / correction1 / ((second / correction2).squareRoot() + epsilon)
            parameters[i] -= rate * (direction + decay * (parameters[i] - (anchor?[i] ?? 0)))
        }
    }
}

/// The course of the learning rate: up in a straight line, then down along a cosine.
public struct LearningRateSchedule: Codable, Sendable, Equatable {
    /// Steps on the way up.
    public var warmup: Int
    /// All steps.
    public var steps: Int
    /// What is left of the rate at the last step.
    public var floor: Double

    /// The recipe's course, down to a tenth.
    public init(warmup: Int, steps: Int, floor: Double = 0.1) {
        self.warmup = warmup
        self.steps = steps
        self.floor = floor
    }

    /// The part of the highest rate at step `step`, counted from 0: 1 at the warm-up's last, `floor` at the last of all.
    public func factor(at step: Int) -> Double {
        if step < warmup { return Double(step + 1) / Double(warmup) }
        let progress = min(1, Double(step + 1 - warmup) / Double(max(1, steps - warmup)))
        return floor + (1 - floor) * (1 + cos(.pi * progress)) / 2
    }
}

/// Clipping of gradients by their common length.
public enum GradientClip {
    /// The Euclidean length of all `gradients` together, summed in Double in order.
    public static func norm<Scalar: RealScalar>(_ gradients: [[Scalar]]) -> Double {
        var sum = 0.0
        for part in gradients {
            for value in part { sum += Double(value) * Double(value) }
        }
        return sum.squareRoot()
    }

    /// Scales `gradients` in place so that their common length, `norm`, becomes at most `limit`.
    public static func clip<Scalar: RealScalar>(_ gradients: inout [Scalar], norm: Double, limit: Double) {
        guard norm > limit else { return }
        let scale = Scalar(limit / norm)
        for i in gradients.indices { gradients[i] *= scale }
    }
}
