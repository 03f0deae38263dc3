import Tensors

/// The matrices of a layer that an adapter changes: all seven.
package enum AdapterMatrix: String, CaseIterable, Sendable {
    case q, k, v, o, gate, up, down

    /// The weights it changes.
    var part: LayerPart {
        switch self {
        case .q: .query
        case .k: .key
        case .v: .value
        case .o: .attentionOutput
        case .gate: .gate
        case .up: .up
        case .down: .down
        }
    }
}

/// Which weights an adapter changes, and how richly.
public struct AdapterShape: Codable, Equatable, Sendable {
    /// Rank of every change.
    public let rank: Int
    /// What multiplies every change.
    public let scale: Float
    /// The layers it changes, ascending, counted from 0.
    public let layers: [Int]

    /// An adapter of the given layers.
    public init(rank: Int, scale: Float = 2, layers: some Sequence<Int>) {
        self.rank = rank
        self.scale = scale
        self.layers = layers.sorted()
    }
}

/// Where an adapter's numbers lie in one flat buffer: layer after layer, in each the matrices in their order, of each
/// first A (rank × inputs), then B (outputs × rank), row-major.
package struct AdapterLayout: Sendable, Equatable {
    package let shape: AdapterShape
    package let widths: LayerWidths
    /// Numbers of one layer.
    package let layerCount: Int

    /// The layout of an adapter for layers of the given widths.
    package init(_ shape: AdapterShape, _ widths: LayerWidths) {
        self.shape = shape
        self.widths = widths
        layerCount = AdapterMatrix.allCases.reduce(0) {
            $0 + shape.rank * ($1.part.rows(widths) + $1.part.columns(widths))
        }
    }

    /// Throws an error of kind `wrongAdapter` unless a model of this configuration can take the adapter.
    package func check(fits model: ModelConfiguration) throws(LanguageModelError) {
        guard shape.rank > 0, shape.scale.isFinite, shape.layers.allSatisfy((0..<model.layers).contains),
            zip(shape.layers, shape.layers.dropFirst()).allSatisfy(<), widths == model.widths
        else {
            throw LanguageModelError(
                .wrongAdapter,
                "An adapter of rank \(shape.rank) for the layers \(shape.layers), \(widths.residual) wide, does not fit a "
                    + "model of \(model.layers) layers, \(model.width) wide. Was it trained on another base model?")
        }
    }

    /// All numbers.
    package var count: Int { shape.layers.count * layerCount }

    /// Where the numbers of model layer `layer` begin; nil for a layer that is not adapted.
    func offset(ofLayer layer: Int) -> Int? { shape.layers.firstIndex(of: layer).map { $0 * layerCount } }

    /// Where A and B of a matrix begin, counted from their layer's beginning.
    package func offsets(of matrix: AdapterMatrix) -> (a: Int, b: Int) {
        var at = 0
        for other in AdapterMatrix.allCases {
            let a = shape.rank * other.part.columns(widths)
            if other == matrix { return (at, at + a) }
            at += a + shape.rank * other.part.rows(widths)
        }
        return (at, at)
    }

    /// W += scale·B·A for one part of a layer (rows × columns), where the adapter changes it.
    func add<Scalar: RealScalar>(_ values: [Scalar], layer: Int, _ part: LayerPart, to w: UnsafeMutablePointer<Scalar>)
    {
        guard let start = offset(ofLayer: layer), let matrix = AdapterMatrix.allCases.first(where: { $0.part == part })
        else { return }
        let (a, b) = offsets(of: matrix)
        let (rows, columns) = (part.rows(widths), part.columns(widths))
        values.withUnsafeBufferPointer { values in
            guard let values = values.baseAddress.map({ $0 + start }) else { return }
            Scalar.gemm(
                .no, .no, m: rows, n: columns, k: shape.rank, alpha: Scalar(shape.scale), a: values + b,
                strideA: shape.rank, b: values + a, strideB: columns, beta: 1, c: w, strideC: columns)
        }
    }

    /// Numbers that change nothing yet: every B is zero, every A uniform within ±1/√inputs, by SplitMix64 from `seed`.
    package func initial(seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        var values = [Float](repeating: 0, count: count)
        for layer in 0..<shape.layers.count {
            for matrix in AdapterMatrix.allCases {
                let (a, b) = offsets(of: matrix)
                let bound = 1 / Float(matrix.part.columns(widths)).squareRoot()
                for i in layer * layerCount + a..<layer * layerCount + b {
                    values[i] = bound * Float(2 * random.uniform() - 1)
                }
            }
        }
        return values
    }
}
