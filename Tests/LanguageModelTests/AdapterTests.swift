import LanguageModel
import Support
import Tensors
import Testing

struct AdapterTests {
    private func adapter(_ model: LanguageModel, layers: [Int], rank: Int = 4, seed: UInt64) -> Adapter {
        var random = SeededGenerator(seed: seed)
        let layout = AdapterLayout(AdapterShape(rank: rank, layers: layers), model.configuration.widths)
        return Adapter(layout, values: (0..<layout.count).map { _ in .random(in: -0.1...0.1, using: &random) })
    }

    private func served(_ model: LanguageModel, _ tokens: [Int32], layers: Int? = nil) throws -> Matrix<Float> {
        var cache = model.makeCache(layers: layers)
        return try model.forward(tokens, cache: &cache, scratch: ForwardScratch())
    }

    private func trained<Scalar: RealScalar>(
        _ model: LanguageModel, _ adapter: Adapter, _ tokens: [Int32], layers: Int, as type: Scalar.Type
    ) throws -> (residual: Matrix<Scalar>, model: TrainableModel<Scalar>) {
        let trainable = try TrainableModel<Scalar>(
            model, layout: adapter.layout, parameters: adapter.values.map { Scalar($0) }, depth: layers, writes: true)
        let worker = TrainingWorker<Scalar>()
        let stretch = trainable.forward(trainable.embed(tokens), layers: 0..<layers, keeping: .nothing, worker: worker)
        return (stretch.output, trainable)
    }

    private func largestDifference<Scalar: RealScalar>(_ x: Matrix<Float>, _ y: Matrix<Scalar>) -> Double {
        let scale = max(1, x.elements.map { Double(abs($0)) }.max() ?? 0)
        return zip(x.elements, y.elements).map { abs(Double($0) - Double($1)) }.max().map { $0 / scale } ?? 0
    }

    @Test func trainingAndServingComputeTheSame() throws {
        let model = try TinyModel(seed: 21, matrixType: .q4WithMinimum).open()
        let tokens: [Int32] = [4, 99, 120, 7, 7, 260, 31]
        let change = adapter(model, layers: [0, 2], seed: 22)
        let merged = try model.merging(change)
        let residual = try served(merged, tokens)
        let (inFloat, trainable) = try trained(model, change, tokens, layers: 3, as: Float.self)
        #expect(largestDifference(residual, inFloat) < 1e-4)
        #expect(
            largestDifference(residual, try trained(model, change, tokens, layers: 3, as: Double.self).residual) < 1e-4)
        // The adapter is at work at all.
        #expect(largestDifference(try served(model, tokens), inFloat) > 1e-2)

        let log = merged.logProbabilities(residual)
        let loss = trainable.tokenLoss(
            inFloat, targets: [TokenTarget(row: 5, token: 31), TokenTarget(row: 6, token: 8)], weight: 1
        ).loss
        #expect(abs(loss + log[5, 31] + log[6, 8]) < 1e-3)
    }

    @Test func mergedWeightsServeEveryWayOfReading() throws {
        let model = try TinyModel(seed: 23, matrixType: .q8WithScale).open()
        let merged = try model.merging(adapter(model, layers: [1], seed: 24))
        let tokens: [Int32] = [1, 2, 3, 4, 5, 6]
        let whole = try served(merged, tokens)
        var cache = merged.makeCache()
        _ = try merged.forward(Array(tokens.prefix(4)), cache: &cache, scratch: ForwardScratch())
        let rest = try merged.forward(Array(tokens.suffix(2)), cache: &cache, scratch: ForwardScratch())
        #expect(largestDifference(rest, whole.rows(4..<6)) < 1e-5)
        // Below the adapted layer nothing changes, to the bit.
        #expect(try served(merged, tokens, layers: 1) == served(model, tokens, layers: 1))
        #expect(try served(merged, tokens, layers: 2) != served(model, tokens, layers: 2))
    }

    @Test func anAdapterReplacesTheOneBefore() throws {
        let model = try TinyModel(seed: 25, matrixType: .f32).open()
        let (first, second) = (adapter(model, layers: [0], seed: 1), adapter(model, layers: [1], seed: 2))
        let tokens: [Int32] = [9, 8, 7]
        #expect(try served(model.merging(first).merging(second), tokens) == served(model.merging(second), tokens))
    }

    @Test func aNewAdapterChangesNothing() throws {
        let model = try TinyModel(seed: 26, matrixType: .f32).open()
        let layout = AdapterLayout(AdapterShape(rank: 8, layers: 0..<3), model.configuration.widths)
        let values = layout.initial(seed: 5)
        #expect(values == layout.initial(seed: 5))
        #expect(values != layout.initial(seed: 6))
        #expect(values.contains { $0 != 0 })
        let tokens: [Int32] = [9, 8, 7]
        #expect(try served(model.merging(Adapter(layout, values: values)), tokens) == served(model, tokens))
    }

    @Test func tensorsKeepAnAdapterToTheBit() throws {
        let model = try TinyModel(seed: 27, matrixType: .f32).open()
        let change = adapter(model, layers: [0, 2], rank: 3, seed: 28)
        let tensors = change.tensors()
        #expect(tensors["adapter.2.down.a"]?.shape == [3, TinyModel.inner])
        #expect(tensors["adapter.0.k.b"]?.shape == [32, 3])
        #expect(tensors.count == 28)
        let file = try Safetensors(contents: Safetensors(tensors: tensors).encoded(), name: "test")
        #expect(try Adapter(change.shape, tensors: file.tensors) == change)
    }

    @Test func damagedAdaptersAreRefused() throws {
        let model = try TinyModel(seed: 29, matrixType: .f32).open()
        let change = adapter(model, layers: [0, 1], seed: 30)
        let tensors = change.tensors()
        var without = tensors
        without["adapter.1.up.b"] = nil
        var turned = tensors
        turned["adapter.0.v.a"] = .init(shape: [64, 4], values: Array(repeating: 0, count: 256))
        var broken = tensors
        broken["adapter.0.v.a"] = .init(shape: [4, 64], values: Array(repeating: .nan, count: 256))
        for damaged in [without, turned, broken, [:]] {
            #expect { try Adapter(change.shape, tensors: damaged) } throws: {
                ($0 as? LanguageModelError)?.kind == .wrongAdapter
            }
        }
        let shapes = [AdapterShape(rank: 5, layers: [0, 1]), AdapterShape(rank: 1 << 40, layers: [0, 1])]
        for shape in shapes {
            #expect { try Adapter(shape, tensors: tensors) } throws: {
                ($0 as? LanguageModelError)?.kind == .wrongAdapter
            }
        }
        let tooHigh = adapter(model, layers: [3], seed: 1)
        #expect { try model.merging(tooHigh) } throws: { ($0 as? LanguageModelError)?.kind == .wrongAdapter }
    }

    @Test(.enabled(if: Base.model != nil && !GoldenPrompt.all.isEmpty, "needs the base model and ../shared/golden"))
    func theBaseModelTrainsAsItServes() throws {
        let model = try #require(Base.model)
        let tokens = try #require(GoldenPrompt.all.first).ids
        let change = adapter(model, layers: [0, 1], rank: 8, seed: 31)
        let merged = try model.merging(change)
        let expected = try served(merged, tokens, layers: 4)
        let found = try trained(model, change, tokens, layers: 4, as: Float.self).residual
        for row in 0..<expected.rows {
            let difference = zip(expected.row(row), found.row(row)).map { abs($0 - $1) }.max() ?? 0
            #expect(difference < 1e-3 * max(1, Vector.norm(expected.row(row))))
        }
    }
}
