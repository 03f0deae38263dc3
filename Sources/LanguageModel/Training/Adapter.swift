import Tensors

/// A low-rank change of a model's weights: W + scale·B·A for seven matrices of each of its layers
/// (LoRA: Hu et al., arXiv 2106.09685).
public struct Adapter: Sendable, Equatable {
    /// What it changes.
    public var shape: AdapterShape { layout.shape }

    package let layout: AdapterLayout
    /// All A and B, as the layout says.
    package let values: [Float]

    /// An adapter of the given numbers.
    package init(_ layout: AdapterLayout, values: [Float]) {
        precondition(values.count == layout.count, "the numbers fill the layout")
        self.layout = layout
        self.values = values
    }
}

// MARK: - As tensors

extension Adapter {
    /// Its tensors: `adapter.<layer>.<matrix>.a`, rank × inputs, and `.b`, outputs × rank, with the matrices `q`, `k`, `v`,
    /// `o`, `gate`, `up`, `down`.
    public func tensors() -> [String: Safetensors.Tensor] {
        var tensors: [String: Safetensors.Tensor] = [:]
        for (name, shape, range) in Self.places(layout) {
            tensors[name] = Safetensors.Tensor(shape: shape, values: Array(values[range]))
        }
        return tensors
    }

    /// Reads an adapter of the given shape from a file's tensors.
    ///
    /// - Throws: ``LanguageModelError`` of kind `wrongAdapter` when one is missing, of another shape or not finite.
    public init(_ shape: AdapterShape, tensors: [String: Safetensors.Tensor]) throws(LanguageModelError) {
        func extent(_ matrix: AdapterMatrix, _ side: String, _ axis: Int) throws(LanguageModelError) -> Int {
            let name = "adapter.\(shape.layers.first ?? 0).\(matrix.rawValue).\(side)"
            guard let tensor = tensors[name], tensor.shape.count == 2 else {
                throw LanguageModelError(.wrongAdapter, "The adapter's tensor '\(name)' is missing or no matrix.")
            }
            return tensor.shape[axis]
        }
        let layout = AdapterLayout(
            shape,
            LayerWidths(
                residual: try extent(.q, "a", 1), query: try extent(.q, "b", 0), keyValue: try extent(.k, "b", 0),
                feedForward: try extent(.gate, "b", 0)))
        // What the shape claims is compared with what is there before anything of that size is made.
        guard shape.rank == (try extent(.q, "a", 0)), tensors.count >= 14 * shape.layers.count else {
            throw LanguageModelError(.wrongAdapter, "The adapter's tensors are not of rank \(shape.rank).")
        }
        var values: [Float] = []
        for (name, extents, _) in Self.places(layout) {
            guard let tensor = tensors[name], tensor.shape == extents, tensor.values.allSatisfy(\.isFinite) else {
                throw LanguageModelError(
                    .wrongAdapter, "The adapter's tensor '\(name)' is missing or not finite numbers of \(extents).")
            }
            values += tensor.values
        }
        self.init(layout, values: values)
    }

    /// Name, extents and place of every tensor, in the layout's order.
    private static func places(_ layout: AdapterLayout) -> [(name: String, extents: [Int], range: Range<Int>)] {
        var at = 0
        var places: [(name: String, extents: [Int], range: Range<Int>)] = []
        for layer in layout.shape.layers {
            for matrix in AdapterMatrix.allCases {
                let inputs = matrix.part.columns(layout.widths)
                let outputs = matrix.part.rows(layout.widths)
                for (side, extents) in [("a", [layout.shape.rank, inputs]), ("b", [outputs, layout.shape.rank])] {
                    let end = at + extents[0] * extents[1]
                    places.append(("adapter.\(layer).\(matrix.rawValue).\(side)", extents, at..<end))
                    at = end
                }
            }
        }
        return places
    }
}
