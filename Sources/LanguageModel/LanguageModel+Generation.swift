import Tensors

extension LanguageModel {
    /// Reads `prompt` behind the positions `cache` holds, then writes on: at most `limit` tokens, up to one that `stop`
    /// names (which is not returned; the end of text always stops).
    ///
    /// Afterwards the cache holds the prompt and all returned tokens but the last, so that truncating it gives back the
    /// state before. `cache` must read all layers and `prompt` must not be empty.
    ///
    /// - Throws: ``LanguageModelError`` as ``forward(_:cache:scratch:)``, and `wrongCache` for a cache that stops early.
    public func generate(
        _ prompt: [Int32], cache: inout KeyValueCache, scratch: ForwardScratch, limit: Int, sampler: Sampler = .greedy,
        stop: (Int32) -> Bool = { _ in false }
    ) throws(LanguageModelError) -> [Int32] {
        precondition(!prompt.isEmpty, "there is nothing to go on from")
        guard cache.layers == configuration.layers else {
            throw LanguageModelError(
                .wrongCache,
                "Text is written after all \(configuration.layers) layers; this cache reads \(cache.layers).")
        }
        var sampler = sampler
        var written: [Int32] = []
        var residual = try forward(prompt, cache: &cache, scratch: scratch)
        while written.count < limit {
            let last = residual.rows(residual.rows - 1..<residual.rows)
            let token = sampler.choose(logits(last).elements)
            if token == tokenizer.endOfText || stop(token) { break }
            written.append(token)
            if written.count < limit { residual = try forward([token], cache: &cache, scratch: scratch) }
        }
        return written
    }
}
