/// A byte-level byte-pair tokenizer (Sennrich et al., arXiv 1508.07909; bytes as in GPT-2) with the vocabulary and the
/// merges of a model's file.
///
/// Text that spells a control token, such as `<|im_start|>`, is encoded as ordinary text: what users write cannot
/// command the model. Use ``id(ofControl:)`` to place one on purpose.
public struct Tokenizer: Sendable {
    /// Tokens in the vocabulary.
    public var count: Int { tokens.count }
    /// The token that ends a text or an answer; nil when the file names none.
    public let endOfText: Int32?

    private let tokens: [[UInt8]]
    private let controls: [[UInt8]: Int32]
    /// The token of each single byte, -1 where there is none.
    private let byteTokens: [Int32]
    private let merges: MergeTable

    /// Reads the tokenizer of a model's file.
    ///
    /// - Throws: ``LanguageModelError``: `malformed`, or `unsupported` for another kind than byte-level byte pairs with
    ///   `smollm` pre-splitting.
    public init(_ gguf: GGUF) throws(LanguageModelError) {
        let metadata = Metadata(gguf)
        let model = try metadata.text("tokenizer.ggml.model")
        let splitting = try metadata.text("tokenizer.ggml.pre")
        guard model == "gpt2", splitting == "smollm" else {
            throw metadata.unsupported(
                "tokenizer \"\(model)\" with pre-splitting \"\(splitting)\"; this knows gpt2, smollm")
        }
        let entries = try metadata.texts("tokenizer.ggml.tokens")
        let kinds = try metadata.integers("tokenizer.ggml.token_type")
        guard entries.count == kinds.count, Int32(exactly: entries.count) != nil else {
            throw metadata.malformed("\(entries.count) tokens have \(kinds.count) types")
        }
        var tokens: [[UInt8]] = []
        tokens.reserveCapacity(entries.count)
        var identifiers: [[UInt8]: Int32] = Dictionary(minimumCapacity: entries.count)
        var controls: [[UInt8]: Int32] = [:]
        for (index, entry) in entries.enumerated() {
            let id = Int32(index)
            // Type 1 is a normal token, spelled in the byte alphabet; all others stand as they are.
            if kinds[index] == 1 {
                guard let bytes = ByteAlphabet.decode(entry[...]) else {
                    throw metadata.malformed("token \(index) is not spelled in GPT-2's byte alphabet")
                }
                tokens.append(bytes)
                identifiers[bytes] = id
            } else {
                tokens.append(entry)
                controls[entry] = id
            }
        }
        self.tokens = tokens
        self.controls = controls
        byteTokens = (0...255).map { identifiers[[UInt8($0)]] ?? -1 }
        merges = try Tokenizer.readMerges(metadata, identifiers)
        if gguf.metadata["tokenizer.ggml.eos_token_id"] == nil {
            endOfText = nil
        } else {
            endOfText = Int32(try metadata.integer("tokenizer.ggml.eos_token_id", 0...max(entries.count - 1, 0)))
        }
    }

    private static func readMerges(
        _ metadata: Metadata, _ identifiers: [[UInt8]: Int32]
    ) throws(LanguageModelError) -> MergeTable {
        let lines = try metadata.texts("tokenizer.ggml.merges")
        var table = MergeTable(capacity: lines.count)
        for (rank, line) in lines.enumerated() {
            // "left right": the alphabet has no blank, so the first one parts them.
            let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 1)
            guard parts.count == 2, let left = ByteAlphabet.decode(parts[0]), let right = ByteAlphabet.decode(parts[1]),
                let leftID = identifiers[left], let rightID = identifiers[right],
                let merged = identifiers[left + right]
            else { throw metadata.malformed("merge \(rank) names tokens that the vocabulary lacks") }
            table.insert(leftID, rightID, MergeTable.Merge(rank: UInt32(rank), token: merged))
        }
        return table
    }

    /// The id of a control token by its literal text, such as `<|im_end|>`.
    public func id(ofControl text: String) -> Int32? { controls[Array(text.utf8)] }

    /// The bytes a token stands for; nil for an id outside the vocabulary.
    public func bytes(of id: Int32) -> [UInt8]? { tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil }

    /// The tokens' bytes, one after another. A character may be spread over several tokens, so a part of a sequence need
    /// not be UTF-8. Ids outside the vocabulary stand for nothing.
    public func decode(_ ids: some Sequence<Int32>) -> [UInt8] { ids.flatMap { bytes(of: $0) ?? [] } }

    /// The tokens of `text`, at most `limit` of them; what lies behind the limit is not looked at.
    public func encode(_ text: String, limit: Int = .max) -> [Int32] {
        var text = text
        return text.withUTF8 { encode($0, limit: limit) }
    }

    /// The tokens of `text` in UTF-8. Any bytes are taken; those that no token stands for are left out, as llama.cpp does
    /// (in SmolLM2's vocabulary some control characters and the lead bytes of unassigned planes).
    public func encode(_ text: UnsafeBufferPointer<UInt8>, limit: Int = .max) -> [Int32] {
        var ids: [Int32] = []
        var words = PreTokenizer(text)
        var merger = WordMerger()
        while ids.count < limit, let word = words.next() {
            merger.start()
            for byte in text[word] where byteTokens[Int(byte)] >= 0 { merger.append(byteTokens[Int(byte)]) }
            merger.merge(merges, into: &ids)
        }
        if ids.count > limit { ids.removeLast(ids.count - limit) }
        return ids
    }
}
