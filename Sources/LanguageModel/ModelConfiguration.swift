/// The shape of a llama-architecture model, from its file's metadata.
public struct ModelConfiguration: Equatable, Sendable {
    /// Transformer layers.
    public let layers: Int
    /// Width of the residual stream.
    public let width: Int
    /// Query heads.
    public let heads: Int
    /// Key and value heads; each serves `heads / keyValueHeads` query heads.
    public let keyValueHeads: Int
    /// Width of one head.
    public let headWidth: Int
    /// Width of the feed-forward network.
    public let feedForwardWidth: Int
    /// Tokens in the vocabulary.
    public let vocabulary: Int
    /// Positions the model was made for.
    public let contextLength: Int
    /// Base of the rotary position frequencies.
    public let ropeBase: Double
    /// Added to the mean square in RMSNorm.
    public let epsilon: Float

    /// Width of one position's keys, and of its values.
    public var keyValueWidth: Int { keyValueHeads * headWidth }
    /// Width of one position's queries.
    public var queryWidth: Int { heads * headWidth }

    /// A model of the given shape.
    public init(
        layers: Int, width: Int, heads: Int, keyValueHeads: Int, headWidth: Int, feedForwardWidth: Int, vocabulary: Int,
        contextLength: Int, ropeBase: Double, epsilon: Float
    ) {
        self.layers = layers
        self.width = width
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headWidth = headWidth
        self.feedForwardWidth = feedForwardWidth
        self.vocabulary = vocabulary
        self.contextLength = contextLength
        self.ropeBase = ropeBase
        self.epsilon = epsilon
    }
}

extension ModelConfiguration {
    /// Reads and checks the shape.
    init(_ gguf: GGUF) throws(LanguageModelError) {
        let metadata = Metadata(gguf)
        let architecture = try metadata.text("general.architecture")
        guard architecture == "llama" else {
            throw metadata.unsupported("the architecture is \"\(architecture)\"; this runs \"llama\"")
        }
        if gguf.metadata["llama.rope.scaling.type"] != nil {
            let scaling = try metadata.text("llama.rope.scaling.type")
            guard scaling == "none" else { throw metadata.unsupported("rotary scaling of type \"\(scaling)\"") }
        }
        let layers = try metadata.integer("llama.block_count", 1...4096)
        let width = try metadata.integer("llama.embedding_length", 1...65_536)
        let heads = try metadata.integer("llama.attention.head_count", 1...4096)
        let keyValueHeads = try metadata.integer("llama.attention.head_count_kv", 1...heads, default: heads)
        guard width % heads == 0, heads % keyValueHeads == 0 else {
            throw metadata.unsupported("\(width) columns, \(heads) heads and \(keyValueHeads) key heads do not divide")
        }
        let headWidth = try metadata.integer("llama.attention.key_length", 1...65_536, default: width / heads)
        let rotated = try metadata.integer("llama.rope.dimension_count", 1...65_536, default: headWidth)
        guard rotated == headWidth, headWidth.isMultiple(of: 2) else {
            throw metadata.unsupported(
                "\(rotated) of \(headWidth) columns of a head are rotated; this rotates all, in pairs")
        }
        guard let embedding = gguf.tensors["token_embd.weight"], embedding.extents.count == 2 else {
            throw metadata.malformed("there is no matrix token_embd.weight")
        }
        self.init(
            layers: layers, width: width, heads: heads, keyValueHeads: keyValueHeads, headWidth: headWidth,
            feedForwardWidth: try metadata.integer("llama.feed_forward_length", 1...1_048_576),
            vocabulary: embedding.extents[1],
            contextLength: try metadata.integer("llama.context_length", 1...16_777_216),
            ropeBase: try metadata.real("llama.rope.freq_base", default: 10_000),
            epsilon: Float(try metadata.real("llama.attention.layer_norm_rms_epsilon")))
    }
}

/// Metadata read by type, with errors that name the key.
struct Metadata {
    private let gguf: GGUF

    init(_ gguf: GGUF) { self.gguf = gguf }

    func text(_ key: String) throws(LanguageModelError) -> String {
        guard case .text(let bytes)? = gguf.metadata[key], let text = String(validating: bytes, as: UTF8.self) else {
            throw malformed("\(key) is missing or no text")
        }
        return text
    }

    func integer(
        _ key: String, _ range: ClosedRange<Int>, default value: Int? = nil
    ) throws(LanguageModelError) -> Int {
        if gguf.metadata[key] == nil, let value { return value }
        guard case .integer(let number)? = gguf.metadata[key], let number = Int(exactly: number), range.contains(number)
        else { throw malformed("\(key) is missing or no integer in \(range.lowerBound)...\(range.upperBound)") }
        return number
    }

    func real(_ key: String, default value: Double? = nil) throws(LanguageModelError) -> Double {
        if gguf.metadata[key] == nil, let value { return value }
        guard case .real(let number)? = gguf.metadata[key], number.isFinite, number > 0 else {
            throw malformed("\(key) is missing or no positive number")
        }
        return number
    }

    func texts(_ key: String) throws(LanguageModelError) -> [[UInt8]] {
        try array(key) { if case .text(let bytes) = $0 { bytes } else { nil } }
    }

    func integers(_ key: String) throws(LanguageModelError) -> [Int64] {
        try array(key) { if case .integer(let number) = $0 { number } else { nil } }
    }

    private func array<Element>(
        _ key: String, _ element: (GGUF.Value) -> Element?
    ) throws(LanguageModelError) -> [Element] {
        guard case .array(let values)? = gguf.metadata[key] else { throw malformed("\(key) is missing or no array") }
        let elements = values.compactMap(element)
        guard elements.count == values.count else { throw malformed("\(key) has elements of another type") }
        return elements
    }

    func malformed(_ what: String) -> LanguageModelError {
        LanguageModelError(.malformed, "\(gguf.file.name): \(what). The file is damaged or not a llama model.")
    }

    func unsupported(_ what: String) -> LanguageModelError {
        LanguageModelError(.unsupported, "\(gguf.file.name): \(what).")
    }
}
