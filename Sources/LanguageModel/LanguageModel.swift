import Synchronization
import Tensors

/// A llama-architecture language model, read from a GGUF file and run in Float on OpenBLAS.
///
/// Safe to use from several threads at once, each with a ``KeyValueCache`` and a ``ForwardScratch`` of its own. Weights are
/// expanded to Float layer by layer when a layer is first needed, and kept: for SmolLM2-135M 14.2 MB a layer
/// (113 MB for an 8-layer read, 425 MB for all 30), and 113 MB more for the head once logits are asked for. The token
/// embedding is looked up in the mapped file.
public final class LanguageModel: Sendable {
    /// The model's shape.
    public let configuration: ModelConfiguration
    /// Its tokenizer.
    public let tokenizer: Tokenizer

    let gguf: GGUF
    let embedding: GGUF.Tensor
    let outputNorm: [Float]
    private let layers: Mutex<[LayerWeights?]>
    private let head = Mutex<Matrix<Float>?>(nil)
    /// The model that this one has its weights from, but for the layers that `adapter` changes; nil for one that is read
    /// from its file alone.
    private let base: LanguageModel?
    private let adapter: Adapter?

    /// Opens the GGUF file at `path` and checks its shape and this machine's arithmetic. Reads no weights yet.
    ///
    /// - Throws: ``LanguageModelError``: `unreadable`, `malformed`, `unsupported` or `wrongArithmetic`.
    public convenience init(path: String) throws(LanguageModelError) {
        try self.init(GGUF(path: path))
    }

    /// A model over an open file.
    public init(_ gguf: GGUF) throws(LanguageModelError) {
        do {
            try BLAS.check()
        } catch {
            throw LanguageModelError(.wrongArithmetic, error.message)
        }
        let shape = try ModelConfiguration(gguf)
        try LayerWeights.check(gguf, shape)
        tokenizer = try Tokenizer(gguf)
        guard tokenizer.count == shape.vocabulary else {
            throw Metadata(gguf).malformed("\(tokenizer.count) tokens for \(shape.vocabulary) embeddings")
        }
        guard let embedding = gguf.tensors["token_embd.weight"], let outputNorm = gguf.values(of: "output_norm.weight")
        else {
            throw Metadata(gguf).malformed("there is no token_embd.weight or output_norm.weight")
        }
        configuration = shape
        self.gguf = gguf
        self.embedding = embedding
        self.outputNorm = outputNorm
        layers = Mutex(Array(repeating: nil, count: shape.layers))
        base = nil
        adapter = nil
    }

    private init(_ base: LanguageModel, _ adapter: Adapter) {
        configuration = base.configuration
        tokenizer = base.tokenizer
        gguf = base.gguf
        embedding = base.embedding
        outputNorm = base.outputNorm
        layers = Mutex(Array(repeating: nil, count: base.configuration.layers))
        self.base = base
        self.adapter = adapter
    }

    /// This model with W + scale·B·A for every matrix W that `adapter` changes: its own weights for those layers, all else
    /// shared with this one, and as fast. Of a model that has an adapter already, that adapter is replaced.
    ///
    /// - Throws: ``LanguageModelError`` of kind `wrongAdapter` when it was made for another shape of model.
    public func merging(_ adapter: Adapter) throws(LanguageModelError) -> LanguageModel {
        try adapter.layout.check(fits: configuration)
        if adapter == self.adapter { return self }
        return LanguageModel(base ?? self, adapter)
    }

    /// The model as its file has it.
    package var withoutAdapter: LanguageModel { base ?? self }

    /// An empty cache that reads the first `layers` layers (all by default), with room for `capacity` positions before it
    /// must grow.
    public func makeCache(layers: Int? = nil, capacity: Int = 256) -> KeyValueCache {
        let layers = layers ?? configuration.layers
        precondition((0...configuration.layers).contains(layers), "the model has \(configuration.layers) layers")
        return KeyValueCache(layers: layers, width: configuration.keyValueWidth, capacity: capacity)
    }

    /// The weights of a layer, expanded at the first call. The lock is held meanwhile: no layer is expanded twice.
    func weights(ofLayer index: Int) -> LayerWeights {
        layers.withLock { layers in
            if let weights = layers[index] { return weights }
            let isShared = adapter?.layout.shape.layers.contains(index) == false
            let weights =
                isShared
                ? base?.weights(ofLayer: index) ?? LayerWeights(gguf, layer: index, configuration.widths)
                : LayerWeights(gguf, layer: index, configuration.widths, adapter: adapter)
            layers[index] = weights
            return weights
        }
    }

    /// The head, vocabulary × width: `output.weight`, or the token embedding where they are tied.
    func headWeights() -> Matrix<Float> {
        if let base { return base.headWeights() }
        return head.withLock { head in
            if let head { return head }
            let tensor = gguf.tensors["output.weight"] ?? embedding
            let matrix = Matrix<Float>(rows: configuration.vocabulary, columns: configuration.width) { buffer in
                if let base = buffer.baseAddress {
                    gguf.dequantise(tensor, rows: 0..<configuration.vocabulary, into: base)
                }
            }
            head = matrix
            return matrix
        }
    }
}
