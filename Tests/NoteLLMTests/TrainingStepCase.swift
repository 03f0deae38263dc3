import LanguageModel
import NoteLLM
import Support
import Tensors

/// A tiny model, what learns of it, and some batches, all random: the same for Swift and for `Ops/check/training-step`.
struct TrainingStepCase: Codable {
    struct Sequence: Codable {
        var tokens: [Int32]
        /// First row and end.
        var pooled: [Int]
        /// Row and token.
        var targets: [[Int]]
    }

    struct Batch: Codable {
        var sequences: [Sequence]
        var notes: [Int]
        var known: [[Int]]
        var dropout: [Double]
        var factor: Double
    }

    var layers = 3
    var width = 16
    var heads = 4
    var keyValueHeads = 2
    var headWidth = 4
    var feedForwardWidth = 24
    var vocabulary = 32
    var ropeBase = 100.0
    var epsilon = Double(Float(1e-5))
    var weights: [[String: [Double]]] = []
    var embedding: [Double] = []
    var outputNorm: [Double] = []

    var rank = 2
    var scale = 2.0
    var adapted: [Int]
    var adapter: [Double] = []
    var projection: [Double] = []
    var temperature = 1.3
    var means: [Double] = []
    var scales: [Double] = []
    var readingLayer: Int
    var readingHasOutputNorm: Bool
    var generativeWeight: Double

    var adapterRate = 1e-2
    var headRate = 3e-3
    var decay = 0.1
    var clip = 0.5
    var batches: [Batch] = []

    /// - Parameters:
    ///   - pooled: how many rows are pooled; 1: the last token of what is read.
    ///   - adapted: layers that learn.
    init(
        seed: UInt64, pairs: Int = 2, steps: Int = 1, adapted: [Int] = [0, 1], readingLayer: Int = 2, pooled: Int = 3,
        outputNorm: Bool = false, generativeWeight: Double = 0.5
    ) {
        self.adapted = adapted
        self.readingLayer = readingLayer
        readingHasOutputNorm = outputNorm
        self.generativeWeight = generativeWeight
        var random = SeededGenerator(seed: seed)
        func numbers(_ count: Int, _ range: ClosedRange<Double>) -> [Double] {
            (0..<count).map { _ in .random(in: range, using: &random) }
        }
        let widths = configuration.widths
        weights = (0..<layers).map { _ in
            Dictionary(
                uniqueKeysWithValues: LayerPart.allCases.map {
                    ($0.rawValue, numbers($0.count(widths), $0.isVector ? 0.5...1.5 : -0.4...0.4))
                })
        }
        embedding = numbers(vocabulary * width, -1...1)
        self.outputNorm = numbers(width, 0.5...1.5)
        adapter = numbers(layout.count, -0.1...0.1)
        projection = numbers(5 * width, -0.5...0.5)
        means = numbers(width, -0.3...0.3)
        scales = numbers(width, 0.5...2)
        batches = (0..<steps).map { step in
            let sequences = (0..<2 * pairs).map { row in
                let read = Int.random(in: 4...6, using: &random)
                // One note writes nothing.
                let written = row == 1 ? 0 : Int.random(in: 1...3, using: &random)
                let tokens = (0..<read + max(written - 1, 0)).map { _ in Int32.random(in: 0..<32, using: &random) }
                return Sequence(
                    tokens: tokens, pooled: [read - pooled, read],
                    targets: (0..<written).map { [read - 1 + $0, .random(in: 0..<32, using: &random)] })
            }
            // The first note stands in the batch twice, and belongs with another pair's too.
            let notes = (0..<2 * pairs).map { $0 == pairs + 1 ? 0 : $0 }
            return Batch(
                sequences: sequences, notes: notes, known: [[1, pairs]],
                dropout: (0..<2 * pairs * width).map { _ in Bool.random(using: &random) ? 0 : 2 },
                factor: 1 / Double(step + 1))
        }
    }

    var configuration: ModelConfiguration {
        ModelConfiguration(
            layers: layers, width: width, heads: heads, keyValueHeads: keyValueHeads, headWidth: headWidth,
            feedForwardWidth: feedForwardWidth, vocabulary: vocabulary, contextLength: 64, ropeBase: ropeBase,
            epsilon: Float(epsilon))
    }

    var layout: AdapterLayout {
        AdapterLayout(AdapterShape(rank: rank, scale: Float(scale), layers: adapted), configuration.widths)
    }

    var objective: DeepObjective<Double> {
        DeepObjective(
            model: TrainableModel(
                configuration, layout: layout, parameters: adapter,
                weights: weights.map { layer in
                    Dictionary(uniqueKeysWithValues: LayerPart.allCases.map { ($0, layer[$0.rawValue] ?? []) })
                },
                embedding: Matrix(rows: vocabulary, columns: width, elements: embedding), outputNorm: outputNorm),
            projection: Matrix(rows: projection.count / width, columns: width, elements: projection),
            temperature: temperature, means: means, scales: scales,
            reading: Reading(layer: readingLayer, pooling: .mean, outputNorm: readingHasOutputNorm),
            generativeWeight: generativeWeight)
    }

    func batch(_ step: Int) -> DeepObjective<Double>.Batch {
        let batch = batches[step]
        return DeepObjective.Batch(
            sequences: batch.sequences.map { sequence in
                DeepSequence(
                    tokens: sequence.tokens, pooled: sequence.pooled[0]..<sequence.pooled[1],
                    targets: sequence.targets.map { TokenTarget(row: $0[0], token: Int32($0[1])) })
            },
            mask: ContrastiveMask(
                notes: batch.notes,
                known: KnownPairs(
                    batch.known.map { TrainingPair(source: $0[0], target: $0[1]) }, notes: batch.notes.count)),
            dropout: Matrix(rows: batch.sequences.count, columns: width, elements: batch.dropout))
    }
}
