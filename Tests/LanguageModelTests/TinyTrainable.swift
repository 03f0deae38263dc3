import LanguageModel
import Support
import Tensors

/// A small random model with an adapter whose A and B are both random, so that every gradient is at work.
struct TinyTrainable {
    static let configuration = ModelConfiguration(
        layers: 3, width: 16, heads: 4, keyValueHeads: 2, headWidth: 4, feedForwardWidth: 24, vocabulary: 32,
        contextLength: 64, ropeBase: 100, epsilon: 1e-5)

    /// `parts` of all layers, and no others, have weights that are not zero.
    static func make(seed: UInt64, adapted: [Int] = [0, 1, 2], rank: Int = 3, parts: [LayerPart] = LayerPart.allCases)
        -> TrainableModel<Double>
    {
        var random = SeededGenerator(seed: seed)
        func numbers(_ count: Int, _ bound: Double) -> [Double] {
            (0..<count).map { _ in .random(in: -bound...bound, using: &random) }
        }
        let shape = configuration
        let layout = AdapterLayout(AdapterShape(rank: rank, scale: 2, layers: adapted), shape.widths)
        let weights = (0..<shape.layers).map { _ in
            Dictionary(
                uniqueKeysWithValues: LayerPart.allCases.map { part in
                    let values = numbers(part.count(shape.widths), part.isVector ? 1.5 : 0.4)
                    return (part, parts.contains(part) ? values : values.map { _ in 0 })
                })
        }
        var parameters = numbers(layout.count, 0.1)
        // An adapter would revive the parts that are left out.
        for (index, _) in adapted.enumerated() {
            for (matrix, part) in zip(AdapterMatrix.allCases, matrixParts) where !parts.contains(part) {
                let (a, b) = layout.offsets(of: matrix)
                let end = b + rank * part.rows(shape.widths)
                for i in index * layout.layerCount + a..<index * layout.layerCount + end { parameters[i] = 0 }
            }
        }
        return TrainableModel(
            shape, layout: layout, parameters: parameters, weights: weights,
            embedding: Matrix(rows: shape.vocabulary, columns: shape.width, elements: numbers(512, 1)),
            outputNorm: numbers(shape.width, 1.5))
    }

    /// The weights that the adapter's matrices change, in their order.
    static let matrixParts: [LayerPart] = [.query, .key, .value, .attentionOutput, .gate, .up, .down]

    static func numbers(rows: Int, columns: Int, seed: UInt64) -> Matrix<Double> {
        var random = SeededGenerator(seed: seed)
        return Matrix(
            rows: rows, columns: columns,
            elements: (0..<rows * columns).map { _ in .random(in: -1...1, using: &random) })
    }
}

/// Central differences of a function of many numbers.
enum Differences {
    static func gradient(at x: [Double], step: Double = 1e-5, _ function: ([Double]) -> Double) -> [Double] {
        x.indices.map { i in
            var y = x
            y[i] = x[i] + step
            let above = function(y)
            y[i] = x[i] - step
            return (above - function(y)) / (2 * step)
        }
    }

    /// The largest difference, relative to the larger of both numbers, or to a thousandth of the largest of all where both
    /// are smaller: a difference quotient of numbers near zero is all rounding.
    static func relativeError(_ found: [Double], _ expected: [Double]) -> Double {
        let floor = 1e-3 * (expected.map { abs($0) }.max() ?? 0) + 1e-12
        return zip(found, expected).map { abs($0 - $1) / max(abs($0), abs($1), floor) }.max() ?? 0
    }
}
