import Foundation
import LanguageModel
import NoteLLM
import Support
import Tensors
import Testing

/// Both losses of deep training: against central differences, and whole steps against an independent implementation.
struct DeepObjectiveTests {
    static let cases: [TrainingStepCase] = [
        TrainingStepCase(seed: 1),
        // A mean behind the output norm, and an adapter that reaches above the reading.
        TrainingStepCase(seed: 2, adapted: [1, 2], readingLayer: 2, outputNorm: true, generativeWeight: 0.01),
        // The paper's reading: the last token's last hidden state.
        TrainingStepCase(seed: 3, adapted: [0, 2], readingLayer: 3, pooled: 1, outputNorm: true),
        // Contrast alone.
        TrainingStepCase(seed: 4, pairs: 3, readingLayer: 1, generativeWeight: 0),
    ]

    /// The largest difference, relative to the larger of both or to a thousandth of the largest of all.
    private func relativeError(_ found: [Double], _ expected: [Double]) -> Double {
        let floor = 1e-3 * (expected.map { abs($0) }.max() ?? 0) + 1e-12
        return zip(found, expected).map { abs($0 - $1) / max(abs($0), abs($1), floor) }.max() ?? 0
    }

    private func differences(_ x: [Double], _ loss: ([Double]) throws -> Double) rethrows -> [Double] {
        try x.indices.map { i in
            var y = x
            y[i] = x[i] + 1e-5
            let above = try loss(y)
            y[i] = x[i] - 1e-5
            return (above - (try loss(y))) / 2e-5
        }
    }

    @Test(arguments: cases.indices) func bothLossesHaveTheGradientsOfTheirDifferences(index: Int) throws {
        let objective = Self.cases[index].objective
        let batch = Self.cases[index].batch(0)
        let result = try objective.evaluate(batch, threads: 1)
        let byAdapter = try differences(objective.model.parameters) { values in
            var changed = objective
            changed.model.update(values)
            return try changed.evaluate(batch, threads: 1).loss
        }
        #expect(relativeError(result.adapter, byAdapter) < 1e-5)
        #expect(byAdapter.contains { abs($0) > 1e-6 })
        let byProjection = try differences(objective.projection.elements) { values in
            var changed = objective
            changed.projection = Matrix(rows: 5, columns: 16, elements: values)
            return try changed.evaluate(batch, threads: 1).loss
        }
        #expect(relativeError(result.projection.elements, byProjection) < 1e-5)
        let byTemperature = try differences([objective.temperature]) { values in
            var changed = objective
            changed.temperature = values[0]
            return try changed.evaluate(batch, threads: 1).loss
        }
        #expect(relativeError([result.temperature], byTemperature) < 1e-5)
        let alpha = Self.cases[index].generativeWeight
        #expect(abs(result.loss - (result.contrastive + alpha * result.generative) / (1 + alpha)) < 1e-12)
        #expect((result.generative > 0) == (alpha > 0))
    }

    /// What is written above the reading changes what is read below it: the generative loss alone, in the first layer.
    @Test func theGenerativeLossReachesBelowTheReading() throws {
        var both = TrainingStepCase(seed: 5, adapted: [0], readingLayer: 1)
        let withWriting = try both.objective.evaluate(both.batch(0), threads: 1)
        both.batches[0].sequences = both.batches[0].sequences.map {
            .init(tokens: $0.tokens, pooled: $0.pooled, targets: [])
        }
        let without = try both.objective.evaluate(both.batch(0), threads: 1)
        #expect(without.generative == 0)
        #expect(abs(without.contrastive - withWriting.contrastive) < 1e-12)
        #expect(zip(withWriting.adapter, without.adapter).contains { abs($0 - $1) > 1e-4 })
    }

    @Test func neitherThreadsNorWhatIsKeptChangesABit() throws {
        let large = TrainingStepCase(seed: 6, pairs: 6)
        let one = try large.objective.evaluate(large.batch(0), threads: 1)
        let three = try large.objective.evaluate(large.batch(0), threads: 3, keeping: .everything)
        #expect(one.adapter == three.adapter)
        #expect(one.loss == three.loss)
    }

    private struct Answer: Decodable {
        let loss: Double
        let contrastive: Double
        let generative: Double
        let gradientNorm: Double
        let adapter: [Double]
        let head: [Double]
    }

    /// The first Python that has numpy: the system's, which Debian's python3-numpy serves, or the one on PATH.
    static let python = [["/usr/bin/python3"], ["/usr/bin/env", "python3"]].first {
        run($0 + ["-c", "import numpy"]).status == 0
    }

    private static func run(_ command: [String]) -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        guard let output = try? process.outputOfRun() else { return (-1, "there is no \(command[0])") }
        return (process.terminationStatus, output)
    }

    @Test(.enabled(if: python != nil, "numpy is absent: apt-get install python3-numpy"), arguments: [7, 8, 9])
    func stepsAreThoseOfAnIndependentImplementation(seed: UInt64) throws {
        let readings: [UInt64: (layer: Int, pooled: Int, norm: Bool)] = [
            7: (2, 3, false), 8: (1, 2, false), 9: (3, 1, true),
        ]
        let reading = try #require(readings[seed])
        let example = TrainingStepCase(
            seed: seed, pairs: 3, steps: 3, readingLayer: reading.layer, pooled: reading.pooled,
            outputNorm: reading.norm)
        let folder = try TemporaryFolder()
        let (input, output) = (folder.url.appending(path: "case.json"), folder.url.appending(path: "result.json"))
        try JSONEncoder().encode(example).write(to: input)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Ops/check/training-step")
        let run = Self.run(try #require(Self.python) + [script.path, input.path, output.path])
        try #require(run.status == 0, "\(run.output.suffix(2000))")
        let answers = try JSONDecoder().decode([Answer].self, from: Data(contentsOf: output))

        var learner = DeepLearner(
            example.objective,
            rates: .init(adapter: example.adapterRate, head: example.headRate, decay: example.decay, clip: example.clip)
        )
        for (step, answer) in answers.enumerated() {
            let (result, norm) = try learner.learn(
                example.batch(step), factor: example.batches[step].factor, threads: 1)
            #expect(relativeError([result.loss, result.contrastive], [answer.loss, answer.contrastive]) < 1e-9)
            #expect(relativeError([result.generative, norm], [answer.generative, answer.gradientNorm]) < 1e-9)
            #expect(relativeError(learner.adapter, answer.adapter) < 1e-6)
            #expect(relativeError(learner.head, answer.head) < 1e-6)
        }
        #expect(answers.count == 3)
        #expect(relativeError(learner.adapter, example.adapter) > 1e-2)
    }
}
