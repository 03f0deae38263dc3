import Tensors

/// One transformer layer's weights as Float. A matrix of n outputs and k inputs is n × k, row-major, as the file has it.
///
/// Matrices that multiply the same input lie one below the other and are one product.
final class LayerWeights: @unchecked Sendable {
    // Unchecked, and safe: the buffer is written in `init` and only read afterwards.

    private let buffer: FloatBuffer
    /// width
    let attentionNorm: UnsafePointer<Float>
    /// (queryWidth + 2 · keyValueWidth) × width: queries, keys, values
    let queryKeyValue: UnsafePointer<Float>
    /// width × queryWidth
    let attentionOutput: UnsafePointer<Float>
    /// width
    let feedForwardNorm: UnsafePointer<Float>
    /// (2 · feedForwardWidth) × width: gate, up
    let gateUp: UnsafePointer<Float>
    /// width × feedForwardWidth
    let down: UnsafePointer<Float>

    /// Reads layer `index` from the file, whose tensors ``check(_:_:)`` has found to be there.
    init(_ gguf: GGUF, layer index: Int, _ shape: ModelConfiguration) {
        let parts = LayerWeights.parts(shape)
        let buffer = FloatBuffer(count: parts.reduce(0) { $0 + $1.rows * $1.columns })
        var offsets: [UnsafePointer<Float>] = []
        var at = buffer.base
        for part in parts {
            offsets.append(UnsafePointer(at))
            if let tensor = gguf.tensors["blk.\(index).\(part.name).weight"] {
                gguf.dequantise(tensor, rows: 0..<part.rows, into: at)
            }
            at += part.rows * part.columns
        }
        self.buffer = buffer
        attentionNorm = offsets[0]
        queryKeyValue = offsets[1]  // 2 and 3, the keys' and values' rows, follow
        attentionOutput = offsets[4]
        feedForwardNorm = offsets[5]
        gateUp = offsets[6]  // 7, up's rows, follows
        down = offsets[8]
    }

    /// The tensors of one layer in the order in which they lie in the buffer.
    private static func parts(_ shape: ModelConfiguration) -> [(name: String, rows: Int, columns: Int)] {
        [
            ("attn_norm", 1, shape.width),
            ("attn_q", shape.queryWidth, shape.width),
            ("attn_k", shape.keyValueWidth, shape.width),
            ("attn_v", shape.keyValueWidth, shape.width),
            ("attn_output", shape.width, shape.queryWidth),
            ("ffn_norm", 1, shape.width),
            ("ffn_gate", shape.feedForwardWidth, shape.width),
            ("ffn_up", shape.feedForwardWidth, shape.width),
            ("ffn_down", shape.width, shape.feedForwardWidth),
        ]
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
            for part in parts(shape) {
                let extents = part.rows == 1 ? [part.columns] : [part.columns, part.rows]
                expected["blk.\(layer).\(part.name).weight"] = extents
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
