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
        try forward(tokens, upTo: cache.layers, cache: &cache, scratch: scratch)
    }

    /// The first part of ``forward(_:cache:scratch:)``: the cache's layers below `end` alone, whose residual stream it
    /// returns. With fewer than all of them the pass is unfinished: next on this cache comes
    /// ``forward(_:from:cache:scratch:)`` with that stream, or ``KeyValueCache/truncate(to:)``.
    public func forward(
        _ tokens: [Int32], upTo end: Int, cache: inout KeyValueCache, scratch: ForwardScratch
    ) throws(LanguageModelError) -> Matrix<Float> {
        precondition((0...cache.layers).contains(end), "the cache reads \(cache.layers) layers")
        try check(tokens, cache)
        var residual = embed(tokens)  // rows × width
        run(&residual, layers: 0..<end, sight: nil, &cache, scratch)
        return residual
    }

    /// The rest of a pass that ``forward(_:upTo:cache:scratch:)`` has begun: the cache's layers from `start` on.
    ///
    /// - Parameter residual: the residual stream that it returned, rows × width.
    /// - Throws: ``LanguageModelError`` of kind `wrongCache` when the cache is not in the middle of such a pass.
    public func forward(
        _ residual: Matrix<Float>, from start: Int, cache: inout KeyValueCache, scratch: ForwardScratch
    ) throws(LanguageModelError) -> Matrix<Float> {
        precondition(residual.columns == configuration.width, "the residual stream has the model's width")
        guard cache.isHalfway(at: start, rows: residual.rows) else {
            throw LanguageModelError(
                .wrongCache,
                "The cache is not in the middle of a pass of \(residual.rows) tokens that has read \(start) layers.")
        }
        var residual = residual
        run(&residual, layers: start..<cache.layers, sight: nil, &cache, scratch)
        return residual
    }

    /// Runs some of the cache's layers on the residual stream, rows × width; the last of them completes the pass.
    func run(
        _ residual: inout Matrix<Float>, layers: Range<Int>, sight: Sight?, _ cache: inout KeyValueCache,
        _ scratch: ForwardScratch
    ) {
        let rows = residual.rows
        guard rows > 0 else { return }
        scratch.reserve(rows: rows, positions: cache.count + rows, configuration)
        for index in layers {
            let weights = weights(ofLayer: index)
            residual.withMutableElements { buffer in
                guard let x = buffer.baseAddress else { return }
                attend(x, rows: rows, weights, layer: index, sight, &cache, scratch)
                feedForward(x, rows: rows, weights, scratch)
            }
        }
        if layers.upperBound == cache.layers { cache.advance(by: rows) }
    }

    func check(_ tokens: [Int32], _ cache: KeyValueCache) throws(LanguageModelError) {
        guard cache.layers <= configuration.layers, cache.width == configuration.keyValueWidth else {
            throw LanguageModelError(
                .wrongCache,
                "A cache of \(cache.layers) layers and width \(cache.width) is not of this model, which has "
                    + "\(configuration.layers) and \(configuration.keyValueWidth): make one with makeCache.")
        }
        guard cache.isHalfway(at: 0, rows: 0) else {
            throw LanguageModelError(
                .wrongCache, "The cache is in the middle of a pass: finish that, or truncate the cache.")
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
    func embed(_ tokens: [Int32]) -> Matrix<Float> {
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
        _ x: UnsafeMutablePointer<Float>, rows: Int, _ weights: LayerWeights, layer: Int, _ sight: Sight?,
        _ cache: inout KeyValueCache, _ scratch: ForwardScratch
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
            scratch.rotary.rotate(projected + row * stride, heads: heads, position: sight?.positions[row] ?? past + row)
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
                        values: values + group, rows: rows, past: past, sight, scratch.attention.base,
                        into: scratch.mixed.base + head * shape.headWidth)
                }
            }
        }
        Product.linear(
            scratch.mixed.base, rows: rows, inputs: queryWidth, strideX: queryWidth,
            weights.attentionOutput, outputs: shape.width, into: x, strideY: shape.width, add: true)
    }

    /// One head: y = softmax(Q·Kᵀ / √headWidth, each row over the positions that it sees) · V.
    ///
    /// Q rows × headWidth, K and V positions × headWidth, `attention` and y rows × positions and rows × headWidth.
    private func attendHead(
        queries: UnsafePointer<Float>, strideQ: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
        rows: Int, past: Int, _ sight: Sight?, _ attention: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>
    ) {
        let shape = configuration
        let positions = past + rows
        let scale = 1 / Float(shape.headWidth).squareRoot()
        Float.gemm(
            .no, .yes, m: rows, n: positions, k: shape.headWidth, alpha: scale, a: queries, strideA: strideQ,
            b: keys, strideB: shape.keyValueWidth, beta: 0, c: attention, strideC: positions)
        for row in 0..<rows {
            let visible = past + row + 1
            let weights = attention + row * positions
            for hidden in sight?.hidden[row] ?? [] { weights[hidden] = -.infinity }
            Elementwise.softmax(weights, count: visible)
            for hidden in sight?.hidden[row] ?? [] { weights[hidden] = 0 }
            (weights + visible).update(repeating: 0, count: positions - visible)
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
