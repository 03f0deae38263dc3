import Foundation
import NoteLLM
import Testing

struct AdamWTests {
    /// Algorithm 2 of arXiv 1711.05101, one number at a time.
    @Test func stepsAreTheFormulas() {
        let settings = AdamW<Double>.Settings(learningRate: 0.1, decay: 0.01)
        var optimiser = AdamW<Double>(count: 3, settings: settings)
        var found = [1.0, -2, 0.5]
        let anchor = [0.0, 1, 0.5]
        var (expected, first, second) = (found, [0.0, 0, 0], [0.0, 0, 0])
        for step in 1...5 {
            let gradients = expected.map { sin($0 * Double(step)) }
            for i in 0..<3 {
                first[i] = 0.9 * first[i] + 0.1 * gradients[i]
                second[i] = 0.999 * second[i] + 0.001 * gradients[i] * gradients[i]
                let mean = first[i] / (1 - pow(0.9, Double(step)))
                let square = second[i] / (1 - pow(0.999, Double(step)))
                expected[i] -= 0.5 * 0.1 * (mean / (square.squareRoot() + 1e-8) + 0.01 * (expected[i] - anchor[i]))
            }
            optimiser.step(&found, gradients: gradients, factor: 0.5, towards: anchor)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 })
        }
    }

    /// The first step's length is the learning rate, whatever the gradient's.
    @Test func theFirstStepIsCorrectedForItsBias() {
        for gradient in [1e-3, 1, 1e3] {
            var optimiser = AdamW<Double>(count: 1, settings: .init(learningRate: 0.1))
            var parameter = [0.0]
            optimiser.step(&parameter, gradients: [gradient], factor: 1)
            #expect(abs(parameter[0] + 0.1) < 1e-5)
        }
    }

    @Test func momentsAreAllItsState() {
        var whole = AdamW<Float>(count: 2, settings: .init(learningRate: 0.01, decay: 0.1))
        var parameters: [Float] = [1, 2]
        whole.step(&parameters, gradients: [0.3, -0.1], factor: 1)
        var rest = AdamW<Float>(settings: whole.settings, moments: whole.moments)
        var copy = parameters
        whole.step(&parameters, gradients: [0.2, 0.7], factor: 0.5)
        rest.step(&copy, gradients: [0.2, 0.7], factor: 0.5)
        #expect(copy == parameters)
        #expect(rest.moments == whole.moments)
    }

    @Test func theRateRisesInALineAndFallsAlongACosine() {
        let schedule = LearningRateSchedule(warmup: 4, steps: 24)
        #expect((0..<4).map { schedule.factor(at: $0) } == [0.25, 0.5, 0.75, 1])
        #expect(abs(schedule.factor(at: 13) - 0.55) < 1e-12)
        #expect(abs(schedule.factor(at: 23) - 0.1) < 1e-12)
        #expect((4..<24).allSatisfy { schedule.factor(at: $0) < schedule.factor(at: $0 - 1) })
        #expect(schedule.factor(at: 100) == schedule.factor(at: 23))
        #expect(LearningRateSchedule(warmup: 0, steps: 1).factor(at: 0) == 0.1)
    }

    @Test func clippingKeepsTheDirection() {
        var gradients: [Double] = [3, 0, -4]
        let norm = GradientClip.norm([[3.0], [0, -4]])
        #expect(norm == 5)
        GradientClip.clip(&gradients, norm: norm, limit: 10)
        #expect(gradients == [3, 0, -4])
        GradientClip.clip(&gradients, norm: norm, limit: 1)
        #expect(zip(gradients, [0.6, 0, -0.8]).allSatisfy { abs($0 - $1) < 1e-12 })
    }
}
