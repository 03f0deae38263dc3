import Tensors

extension LanguageModel {
    /// Reads `tokens` behind the positions `cache` holds, through the cache's layers, and adds their keys and values to it.
    ///
    /// Returns the residual stream after the last of these layers, tokens.count × width: what the next layer would read.
    /// Products run over these tokens alone, so a text's numbers do not depend on what else is read.
    ///
    /// - Throws: ``LanguageModelError``: `tokenOutOfRange`, `contextFull` or `wrongCache`; the cache is then unchanged.
    public func forward(
        _ tokens: [Int32], cache: inout KeyValueCache, scratch: ForwardScratch
    ) throws(LanguageModelError) -> Matrix<Float> {
        try check(tokens, cache)
        let rows = tokens.count
        var residual = embed(tokens)  // rows × width
        guard rows > 0 else { return residual }
        scratch.reserve(rows: rows, positions: cache.count + rows, configuration)
        for index in 0..<cache.layers {
            let weights = weights(ofLayer: index)
            residual.withMutableElements { buffer in
                guard let x = buffer.baseAddress else { return }
                attend(x, rows: rows, weights, layer: index, &cache, scratch)
                feedForward(x, rows: rows, weights, scratch)
            }
        }
        cache.advance(by: rows)
        return residual
    }

    private func check(_ tokens: [Int32], _ cache: KeyValueCache) throws(LanguageModelError) {
        guard cache.layers <= configuration.layers, cache.width == configuration.keyValueWidth else {
            throw LanguageModelError(
                .wrongCache,
                "A cache of \(cache.layers) layers and width \(cache.width) is not of this model, which has "
                    + "\(configuration.layers) and \(configuration.keyValueWidth): make one with makeCache.")
        }
        if let wrong = tokens.first(where: { $0 < 0 || $0 >= configuration.vocabulary }) {
            throw LanguageModelError(
                .tokenOutOfRange, "Token \(wrong) is outside the vocabulary of \(configuration.vocabulary) tokens.")
        }
        guard cache.count + tokens.count <= configuration.contextLength else {
            throw LanguageModelError(
                .contextFull,
                "\(cache.count) positions and \(tokens.count) more exceed the model's \(configuration.contextLength): "
                    + "cut the text.")
        }
    }

    /// The tokens' embeddings, rows × width, looked up in the file.
    private func embed(_ tokens: [Int32]) -> Matrix<Float> {
        let width = configuration.width
        return Matrix(rows: tokens.count, columns: width) { buffer in
            guard let base = buffer.baseAddress else { return }
            for (row, token) in tokens.enumerated() {
                gguf.dequantise(embedding, rows: Int(token)..<Int(token) + 1, into: base + row * width)
            }
        }
    }

    /// x += output · attention(norm(x)), for x rows × width.
    private func attend(
        _ x: UnsafeMutablePointer<Float>, rows: Int, _ weights: LayerWeights, layer: Int, _ cache: inout KeyValueCache,
        _ scratch: ForwardScratch
    ) {
        let shape = configuration
        let past = cache.count
        let (queryWidth, keyValueWidth) = (shape.queryWidth, shape.keyValueWidth)
        let stride = queryWidth + 2 * keyValueWidth

        normalise(x, rows: rows, weights.attentionNorm, into: scratch.normalised.base)
        // queries, keys, values: rows × (queryWidth + 2 · keyValueWidth)
        let projected = scratch.queryKeyValue.base
        Product.linear(
            scratch.normalised.base, rows: rows, inputs: shape.width, strideX: shape.width,
            weights.queryKeyValue, outputs: stride, into: projected, strideY: stride, add: false)

        for row in 0..<rows {
            // Queries and keys lie side by side and turn alike.
            let heads = shape.heads + shape.keyValueHeads
            scratch.rotary.rotate(projected + row * stride, heads: heads, position: past + row)
        }
        cache.append(
            layer: layer, rows: rows, keys: projected + queryWidth, values: projected + queryWidth + keyValueWidth,
            stride: stride)

        // mixed values of all heads: rows × queryWidth
        cache.keys[layer].withUnsafeBufferPointer { keys in
            cache.values[layer].withUnsafeBufferPointer { values in
                guard let keys = keys.baseAddress, let values = values.baseAddress else { return }
                for head in 0..<shape.heads {
                    let group = head / (shape.heads / shape.keyValueHeads) * shape.headWidth
                    attendHead(
                        queries: projected + head * shape.headWidth, strideQ: stride, keys: keys + group,
                        values: values + group, rows: rows, past: past, scratch.attention.base,
                        into: scratch.mixed.base + head * shape.headWidth)
                }
            }
        }
        Product.linear(
            scratch.mixed.base, rows: rows, inputs: queryWidth, strideX: queryWidth,
            weights.attentionOutput, outputs: shape.width, into: x, strideY: shape.width, add: true)
    }

    /// One head: y = softmax(Q·Kᵀ / √headWidth, each row over the positions up to its own) · V.
    ///
    /// Q rows × headWidth, K and V positions × headWidth, `attention` and y rows × positions and rows × headWidth.
    private func attendHead(
        queries: UnsafePointer<Float>, strideQ: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
        rows: Int, past: Int, _ attention: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        let shape = configuration
        let positions = past + rows
        let scale = 1 / Float(shape.headWidth).squareRoot()
        Float.gemm(
            .no, .yes, m: rows, n: positions, k: shape.headWidth, alpha: scale, a: queries, strideA: strideQ,
            b: keys, strideB: shape.keyValueWidth, beta: 0, c: attention, strideC: positions)
        for row in 0..<rows {
            let visible = past + row + 1
            Elementwise.softmax(attention + row * positions, count: visible)
            (attention + row * positions + visible).update(repeating: 0, count: positions - visible)
        }
        Float.gemm(
            .no, .no, m: rows, n: shape.headWidth, k: positions, alpha: 1, a: attention, strideA: positions,
            b: values, strideB: shape.keyValueWidth, beta: 0, c: y, strideC: shape.queryWidth)
    }

    /// x += down · (silu(gate · norm(x)) ∘ (up · norm(x))), for x rows × width.
    private func feedForward(
        _ x: UnsafeMutablePointer<Float>, rows: Int, _ weights: LayerWeights, _ scratch: ForwardScratch
    ) {
        let shape = configuration
        let inner = shape.feedForwardWidth
        normalise(x, rows: rows, weights.feedForwardNorm, into: scratch.normalised.base)
        // gate, up: rows × (2 · feedForwardWidth)
        let gateUp = scratch.gateUp.base
        Product.linear(
            scratch.normalised.base, rows: rows, inputs: shape.width, strideX: shape.width,
            weights.gateUp, outputs: 2 * inner, into: gateUp, strideY: 2 * inner, add: false)
        for row in 0..<rows {
            Elementwise.gate(gateUp + row * 2 * inner, gateUp + row * 2 * inner + inner, count: inner)
        }
        Product.linear(
            gateUp, rows: rows, inputs: inner, strideX: 2 * inner,
            weights.down, outputs: shape.width, into: x, strideY: shape.width, add: true)
    }

    /// RMSNorm of each row, rows × width.
    private func normalise(
        _ x: UnsafePointer<Float>, rows: Int, _ weight: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        let width = configuration.width
        for row in 0..<rows {
            Elementwise.normalise(
                x + row * width, weight: weight, epsilon: configuration.epsilon, count: width, into: y + row * width)
        }
    }
}

/// The one product of a forward pass.
enum Product {
    /// Y = X·Wᵀ, or Y += X·Wᵀ: X rows × inputs, W outputs × inputs (contiguous), Y rows × outputs.
    static func linear(
        _ x: UnsafePointer<Float>, rows: Int, inputs: Int, strideX: Int, _ w: UnsafePointer<Float>, outputs: Int,
        into y: UnsafeMutablePointer<Float>, strideY: Int, add: Bool
    ) {
        if rows == 1 {
            // A product with one row is bound by reading W, which gemv does at several times gemm's speed.
            Float.gemv(
                .no, rows: outputs, columns: inputs, alpha: 1, a: w, strideA: inputs, x: x, beta: add ? 1 : 0, y: y)
        } else {
            Float.gemm(
                .no, .yes, m: rows, n: outputs, k: inputs, alpha: 1, a: x, strideA: strideX, b: w, strideB: inputs,
                beta: add ? 1 : 0, c: y, strideC: strideY)
        }
    }
}
