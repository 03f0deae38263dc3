import LanguageModel
import Support
import Tensors
import Testing

/// The backward pass against central differences in Double.
struct GradientTests {
    static let seeds: [UInt64] = [1, 2, 3]
    static let attention: [LayerPart] = [.attentionNorm, .query, .key, .value, .attentionOutput]
    static let feedForward: [LayerPart] = [.feedForwardNorm, .gate, .up, .down]

    /// Σ c ∘ output for random c, so that every output counts, and its gradients by the backward pass.
    private func check(
        _ model: TrainableModel<Double>, layers: Range<Int>, rows: Int, seed: UInt64,
        keeping: LayerStretch<Double>.Keeping = .everything
    ) {
        let worker = TrainingWorker<Double>()
        let width = model.configuration.width
        let input = TinyTrainable.numbers(rows: rows, columns: width, seed: seed &+ 100)
        let weights = TinyTrainable.numbers(rows: rows, columns: width, seed: seed &+ 200)
        func value(_ model: TrainableModel<Double>, _ input: Matrix<Double>) -> Double {
            let output = model.forward(input, layers: layers, keeping: .nothing, worker: worker).output
            return Vector.dot(output.elements, weights.elements)
        }

        let stretch = model.forward(input, layers: layers, keeping: keeping, worker: worker)
        var inputGradient = weights
        var gradients = [Double](repeating: 0, count: model.layout.count)
        model.backward(stretch, gradient: &inputGradient, adapterGradients: &gradients, worker: worker)

        let byInput = Differences.gradient(at: input.elements) {
            value(model, Matrix(rows: rows, columns: width, elements: $0))
        }
        #expect(Differences.relativeError(inputGradient.elements, byInput) < 1e-5)
        let byParameter = Differences.gradient(at: model.parameters) {
            var changed = model
            changed.update($0)
            return value(changed, input)
        }
        #expect(byParameter.contains { $0 != 0 } || model.layout.count == 0)
        #expect(Differences.relativeError(gradients, byParameter) < 1e-5)
    }

    @Test(arguments: seeds) func attentionHasTheGradientOfItsDifferences(seed: UInt64) {
        check(TinyTrainable.make(seed: seed, parts: Self.attention), layers: 1..<2, rows: 7, seed: seed)
    }

    @Test(arguments: seeds) func feedForwardHasTheGradientOfItsDifferences(seed: UInt64) {
        check(TinyTrainable.make(seed: seed, parts: Self.feedForward), layers: 1..<2, rows: 5, seed: seed)
    }

    @Test(arguments: seeds) func aStackOfLayersHasTheGradientOfItsDifferences(seed: UInt64) {
        check(TinyTrainable.make(seed: seed), layers: 0..<3, rows: 6, seed: seed)
    }

    @Test func oneTokenHasTheGradientOfItsDifferences() {
        check(TinyTrainable.make(seed: 4), layers: 0..<3, rows: 1, seed: 4)
    }

    @Test func computingAgainGivesTheSameGradientsToTheBit() {
        let model = TinyTrainable.make(seed: 5, adapted: [0, 2])
        let worker = TrainingWorker<Double>()
        let input = TinyTrainable.numbers(rows: 6, columns: 16, seed: 6)
        let upstream = TinyTrainable.numbers(rows: 6, columns: 16, seed: 7)
        let both = [LayerStretch<Double>.Keeping.inputs, .everything].map { keeping in
            var gradient = upstream
            var gradients = [Double](repeating: 0, count: model.layout.count)
            let stretch = model.forward(input, layers: 0..<3, keeping: keeping, worker: worker)
            model.backward(stretch, gradient: &gradient, adapterGradients: &gradients, worker: worker)
            return gradient.elements + gradients
        }
        #expect(both[0] == both[1])
    }

    @Test(arguments: seeds) func outputNormHasTheGradientOfItsDifferences(seed: UInt64) {
        let model = TinyTrainable.make(seed: seed)
        let x = TinyTrainable.numbers(rows: 4, columns: 16, seed: seed &+ 8)
        let weights = TinyTrainable.numbers(rows: 4, columns: 16, seed: seed &+ 9)
        let expected = Differences.gradient(at: x.elements) {
            Vector.dot(model.normalised(Matrix(rows: 4, columns: 16, elements: $0)).elements, weights.elements)
        }
        #expect(Differences.relativeError(model.normalisedBackward(x, gradient: weights).elements, expected) < 1e-5)
    }

    @Test(arguments: seeds) func tokenLossHasTheGradientOfItsDifferences(seed: UInt64) {
        let model = TinyTrainable.make(seed: seed)
        let x = TinyTrainable.numbers(rows: 5, columns: 16, seed: seed &+ 10)
        // Two targets behind one row add up.
        let targets = [(2, 7), (3, 31), (4, 0), (4, 7)].map { TokenTarget(row: $0.0, token: $0.1) }
        let found = model.tokenLoss(x, targets: targets, weight: 0.25)
        let expected = Differences.gradient(at: x.elements) {
            0.25 * model.tokenLoss(Matrix(rows: 5, columns: 16, elements: $0), targets: targets, weight: 1).loss
        }
        #expect(Differences.relativeError(found.gradient.elements, expected) < 1e-5)
        #expect(found.gradient.row(0).allSatisfy { $0 == 0 })
    }

    /// The whole way of the generative loss: through the head and the layers above a reading at layer 1 down to an adapter
    /// in layer 0.
    @Test(arguments: seeds) func tokenLossReachesTheAdapterBelowTheReading(seed: UInt64) {
        let model = TinyTrainable.make(seed: seed, adapted: [0])
        let worker = TrainingWorker<Double>()
        let input = model.embed([3, 1, 4, 1, 5, 9])
        let targets = [TokenTarget(row: 4, token: 2), TokenTarget(row: 5, token: 6)]
        let lower = model.forward(input, layers: 0..<1, keeping: .inputs, worker: worker)
        let upper = model.forward(lower.output, layers: 1..<3, keeping: .everything, worker: worker)
        var gradient = model.tokenLoss(upper.output, targets: targets, weight: 1).gradient
        var gradients = [Double](repeating: 0, count: model.layout.count)
        model.backward(upper, gradient: &gradient, adapterGradients: &gradients, worker: worker)
        #expect(gradients.allSatisfy { $0 == 0 })  // nothing is adapted up there
        model.backward(lower, gradient: &gradient, adapterGradients: &gradients, worker: worker)
        #expect(gradients.contains { abs($0) > 1e-6 })

        let expected = Differences.gradient(at: model.parameters) {
            var changed = model
            changed.update($0)
            let output = changed.forward(input, layers: 0..<3, keeping: .nothing, worker: worker).output
            return changed.tokenLoss(output, targets: targets, weight: 1).loss
        }
        #expect(Differences.relativeError(gradients, expected) < 1e-5)
    }
}
