import Tensors

/// One transformer layer's weights. A matrix of n outputs and k inputs is n × k, row-major, as the file has it.
///
/// Matrices that multiply the same input lie one below the other and are one product.
final class LayerTensors<Scalar: RealScalar>: @unchecked Sendable {
    // Unchecked, and safe: the buffer is written before `init` ends and only read afterwards.

    private let buffer: AlignedBuffer<Scalar>
    /// width
    let attentionNorm: UnsafePointer<Scalar>
    /// (queryWidth + 2 · keyValueWidth) × width: queries, keys, values
    let queryKeyValue: UnsafePointer<Scalar>
    /// width × queryWidth
    let attentionOutput: UnsafePointer<Scalar>
    /// width
    let feedForwardNorm: UnsafePointer<Scalar>
    /// (2 · feedForwardWidth) × width: gate, up
    let gateUp: UnsafePointer<Scalar>
    /// width × feedForwardWidth
    let down: UnsafePointer<Scalar>

    /// A layer whose parts `fill` writes, each (rows × columns, as ``LayerPart`` says) from its place in the buffer on.
    init(_ widths: LayerWidths, fill: (LayerPart, UnsafeMutablePointer<Scalar>) -> Void) {
        let buffer = AlignedBuffer<Scalar>(count: LayerPart.allCases.reduce(0) { $0 + $1.count(widths) })
        var places: [LayerPart: UnsafePointer<Scalar>] = [:]
        var at = buffer.base
        for part in LayerPart.allCases {
            places[part] = UnsafePointer(at)
            fill(part, at)
            at += part.count(widths)
        }
        func place(_ part: LayerPart) -> UnsafePointer<Scalar> { places[part] ?? UnsafePointer(buffer.base) }
        self.buffer = buffer
        attentionNorm = place(.attentionNorm)
        queryKeyValue = place(.query)  // the keys' and values' rows follow
        attentionOutput = place(.attentionOutput)
        feedForwardNorm = place(.feedForwardNorm)
        gateUp = place(.gate)  // up's rows follow
        down = place(.down)
    }

    /// The same weights, each changed by `change`, which gets a part and its place in the new buffer.
    func copy(
        _ widths: LayerWidths, changing change: (LayerPart, UnsafeMutablePointer<Scalar>) -> Void
    ) -> LayerTensors {
        var source = UnsafePointer(buffer.base)
        return LayerTensors(widths) { part, target in
            target.update(from: source, count: part.count(widths))
            source += part.count(widths)
            change(part, target)
        }
    }

    /// The same weights as another kind of number.
    func converted<Other: RealScalar>(_ widths: LayerWidths, to type: Other.Type) -> LayerTensors<Other> {
        if let same = self as? LayerTensors<Other> { return same }
        var source = UnsafePointer(buffer.base)
        return LayerTensors<Other>(widths) { part, target in
            for i in 0..<part.count(widths) { target[i] = Other(source[i]) }
            source += part.count(widths)
        }
    }
}

/// The weights that a forward pass multiplies with.
typealias LayerWeights = LayerTensors<Float>

extension LayerTensors where Scalar == Float {
    /// Reads layer `index` from the file, whose tensors ``check(_:_:)`` has found to be there, and adds the adapter's
    /// change.
    convenience init(_ gguf: GGUF, layer index: Int, _ widths: LayerWidths, adapter: Adapter? = nil) {
        self.init(widths) { part, target in
            if let tensor = gguf.tensors["blk.\(index).\(part.rawValue).weight"] {
                gguf.dequantise(tensor, rows: 0..<part.rows(widths), into: target)
            }
            if let adapter { adapter.layout.add(adapter.values, layer: index, part, to: target) }
        }
    }

    /// Finds every tensor of the model in the file, in its shape, and none that this forward pass would not use
    /// (biases, experts, rotary factors: leaving one out would give wrong numbers without a word).
    static func check(_ gguf: GGUF, _ shape: ModelConfiguration) throws(LanguageModelError) {
        var expected: [String: [Int]] = [
            "token_embd.weight": [shape.width, shape.vocabulary],
            "output_norm.weight": [shape.width],
        ]
        if gguf.tensors["output.weight"] != nil { expected["output.weight"] = [shape.width, shape.vocabulary] }
        for layer in 0..<shape.layers {
            for part in LayerPart.allCases {
                let (rows, columns) = (part.rows(shape.widths), part.columns(shape.widths))
                expected["blk.\(layer).\(part.rawValue).weight"] = part.isVector ? [columns] : [columns, rows]
            }
        }
        let metadata = Metadata(gguf)
        for (name, extents) in expected.sorted(by: { $0.key < $1.key }) {
            guard let tensor = gguf.tensors[name] else { throw metadata.malformed("there is no tensor \(name)") }
            guard tensor.extents == extents else {
                throw metadata.malformed("tensor \(name) has the extents \(tensor.extents), not \(extents)")
            }
        }
        if let unknown = gguf.tensors.keys.filter({ expected[$0] == nil }).min() {
            throw metadata.unsupported("the model has a tensor \(unknown), which this forward pass would not use")
        }
    }
}
