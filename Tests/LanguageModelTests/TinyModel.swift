import LanguageModel
import Support

/// A small random llama model as the bytes of a GGUF file, with its weights in Double for the oracle.
struct TinyModel {
    static let width = 64
    static let heads = 4
    static let keyValueHeads = 2
    static let headWidth = 16
    static let inner = 96
    static let layers = 3
    static let context = 128

    private(set) var file = GGUFBytes()
    /// Weights by tensor name, row-major.
    private(set) var weights: [String: [Double]] = [:]
    let vocabulary: Vocabulary

    /// Matrices are stored as `matrixType`, norms as F32.
    init(seed: UInt64, matrixType: GGUFTensorType, tied: Bool = true) {
        var random = SeededGenerator(seed: seed)
        vocabulary = Vocabulary(merges: 60, &random)
        file.metadata("general.architecture", "llama")
        file.metadata("llama.block_count", UInt32(Self.layers))
        file.metadata("llama.context_length", UInt32(Self.context))
        file.metadata("llama.embedding_length", UInt32(Self.width))
        file.metadata("llama.feed_forward_length", UInt32(Self.inner))
        file.metadata("llama.attention.head_count", UInt32(Self.heads))
        file.metadata("llama.attention.head_count_kv", UInt32(Self.keyValueHeads))
        file.metadata("llama.rope.freq_base", Float(1000))
        file.metadata("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
        vocabulary.write(to: &file)

        let keyValueWidth = Self.keyValueHeads * Self.headWidth
        add("token_embd", vocabulary.tokens.count + 1, Self.width, matrixType, &random)
        for layer in 0..<Self.layers {
            add("blk.\(layer).attn_norm", 1, Self.width, .f32, &random)
            add("blk.\(layer).attn_q", Self.width, Self.width, matrixType, &random)
            add("blk.\(layer).attn_k", keyValueWidth, Self.width, matrixType, &random)
            add("blk.\(layer).attn_v", keyValueWidth, Self.width, matrixType, &random)
            add("blk.\(layer).attn_output", Self.width, Self.width, matrixType, &random)
            add("blk.\(layer).ffn_norm", 1, Self.width, .f32, &random)
            add("blk.\(layer).ffn_gate", Self.inner, Self.width, matrixType, &random)
            add("blk.\(layer).ffn_up", Self.inner, Self.width, matrixType, &random)
            add("blk.\(layer).ffn_down", Self.width, Self.inner, matrixType, &random)
        }
        add("output_norm", 1, Self.width, .f32, &random)
        if !tied { add("output", vocabulary.tokens.count + 1, Self.width, matrixType, &random) }
    }

    func open() throws -> LanguageModel {
        try LanguageModel(GGUF(contents: file.bytes(), name: "tiny"))
    }

    private mutating func add(
        _ name: String, _ rows: Int, _ columns: Int, _ type: GGUFTensorType, _ random: inout SeededGenerator
    ) {
        let (bytes, values) = RandomBlocks.make(type, count: rows * columns, &random)
        file.tensor(name + ".weight", extents: rows == 1 ? [columns] : [columns, rows], type, bytes)
        weights[name] = values
    }
}

/// Random blocks of each storage type, and what they stand for by the format's formulas, in Double.
enum RandomBlocks {
    static func make(
        _ type: GGUFTensorType, count: Int, _ random: inout SeededGenerator
    ) -> (bytes: [UInt8], values: [Double]) {
        var bytes: [UInt8] = []
        var values: [Double] = []
        switch type {
        case .f32:
            for _ in 0..<count {
                let value = Float.random(in: -0.4...0.4, using: &random)
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
                values.append(Double(value))
            }
        case .f16:
            for _ in 0..<count { values.append(appendHalf(.random(in: -0.4...0.4, using: &random), to: &bytes)) }
        case .q4WithScale, .q4WithMinimum:
            for _ in 0..<count / 32 {
                let scale = appendHalf(.random(in: 0.01...0.06, using: &random), to: &bytes)
                let minimum: Double =
                    type == .q4WithScale ? -8 * scale : appendHalf(.random(in: -0.4...0, using: &random), to: &bytes)
                let nibbles = (0..<32).map { _ in UInt8.random(in: 0...15, using: &random) }
                for i in 0..<16 { bytes.append(nibbles[i] | nibbles[i + 16] << 4) }
                values += nibbles.map { scale * Double($0) + minimum }
            }
        case .q8WithScale:
            for _ in 0..<count / 32 {
                let scale = appendHalf(.random(in: 0.001...0.004, using: &random), to: &bytes)
                let numbers = (0..<32).map { _ in Int8.random(in: .min ... .max, using: &random) }
                bytes += numbers.map { UInt8(bitPattern: $0) }
                values += numbers.map { scale * Double($0) }
            }
        }
        return (bytes, values)
    }

    private static func appendHalf(_ value: Double, to bytes: inout [UInt8]) -> Double {
        let half = Float16(value)
        withUnsafeBytes(of: half.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        return Double(half)
    }
}

/// A byte-pair vocabulary over all 256 bytes with random merges of the bytes `a` to `d` and the blank.
struct Vocabulary {
    private(set) var tokens: [[UInt8]] = (0...255).map { [UInt8($0)] }
    private(set) var merges: [(left: [UInt8], right: [UInt8])] = []

    init(merges count: Int, _ random: inout SeededGenerator) {
        var pool: [[UInt8]] = Array("abcd ".utf8).map { [$0] }
        while merges.count < count {
            let (left, right) = (pool.randomElement(using: &random) ?? [], pool.randomElement(using: &random) ?? [])
            guard left.count + right.count <= 8, !tokens.contains(left + right) else { continue }
            merges.append((left, right))
            tokens.append(left + right)
            pool.append(left + right)
        }
    }

    /// GPT-2's spelling, written down a second time.
    static func spell(_ bytes: [UInt8]) -> String {
        var shifted: [UInt8: UInt32] = [:]
        for byte in UInt8.min...UInt8.max where byte < 33 || byte == 127 || (128...160).contains(byte) || byte == 173 {
            shifted[byte] = 256 + UInt32(shifted.count)
        }
        return String(
            String.UnicodeScalarView(bytes.compactMap { Unicode.Scalar(shifted[$0] ?? UInt32($0)) }))
    }

    func write(to file: inout GGUFBytes) {
        file.metadata("tokenizer.ggml.model", "gpt2")
        file.metadata("tokenizer.ggml.pre", "smollm")
        file.metadata("tokenizer.ggml.tokens", tokens.map(Self.spell) + ["<|end|>"])
        file.metadata("tokenizer.ggml.token_type", tokens.map { _ in Int32(1) } + [3])
        file.metadata("tokenizer.ggml.merges", merges.map { Self.spell($0.left) + " " + Self.spell($0.right) })
        file.metadata("tokenizer.ggml.eos_token_id", UInt32(tokens.count))
    }

    /// The plain rule: again and again the leftmost of the neighbours whose merge comes first in the list.
    func encode(word: [UInt8]) -> [Int32] {
        var parts = word.map { [$0] }
        while true {
            var best: (rank: Int, index: Int)?
            for index in 0..<max(parts.count - 1, 0) {
                let rank = merges.firstIndex { $0.left == parts[index] && $0.right == parts[index + 1] }
                if let rank, rank < best?.rank ?? .max { best = (rank, index) }
            }
            guard let best else { break }
            parts[best.index] += parts.remove(at: best.index + 1)
        }
        return parts.compactMap { part in tokens.firstIndex(of: part).map { Int32($0) } }
    }
}
