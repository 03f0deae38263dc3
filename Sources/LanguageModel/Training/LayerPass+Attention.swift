import Tensors

// Grouped-query causal attention (Ainslie et al., arXiv 2305.13245) with rotary positions, forward and backward.
extension LayerPass {
    private var queryWidth: Int { shape.queryWidth }
    private var keyValueWidth: Int { shape.keyValueWidth }
    /// Queries, keys and values of a position lie side by side.
    private var stride: Int { queryWidth + 2 * keyValueWidth }
    /// The columns of a head's keys, which `heads / keyValueHeads` query heads share.
    private func keyColumn(_ head: Int) -> Int {
        queryWidth + head / (shape.heads / shape.keyValueHeads) * shape.headWidth
    }

    /// middle = x + output · attention(norm(x))
    func attend(_ tape: LayerTape<Scalar>) {
        let x = tape.input.base
        RMSNorm.forward(
            x, rows: rows, width: shape.width, weight: weights.attentionNorm, epsilon: shape.epsilon,
            into: space.normalised.base)
        let projected = tape.queryKeyValue.base
        linear(
            space.normalised.base, inputs: shape.width, strideX: shape.width, weights.queryKeyValue, outputs: stride,
            into: projected)
        for row in 0..<rows {
            // Queries and keys lie side by side and turn alike.
            space.rotary.rotate(projected + row * stride, heads: shape.heads + shape.keyValueHeads, position: row)
        }
        for head in 0..<shape.heads {
            weigh(tape, head: head)  // P, rows × rows
            // mixed = P·V
            Scalar.gemm(
                .no, .no, m: rows, n: shape.headWidth, k: rows, alpha: 1, a: space.attention.base, strideA: rows,
                b: projected + keyColumn(head) + keyValueWidth, strideB: stride, beta: 0,
                c: tape.mixed.base + head * shape.headWidth, strideC: queryWidth)
        }
        tape.middle.base.update(from: x, count: rows * shape.width)
        linear(
            tape.mixed.base, inputs: queryWidth, strideX: queryWidth, weights.attentionOutput, outputs: shape.width,
            into: tape.middle.base, add: true)
    }

    /// `gradient`, that of middle (rows × width), becomes that of x.
    func attendBackward(_ tape: LayerTape<Scalar>, gradient: UnsafeMutablePointer<Scalar>) {
        let x = tape.input.base
        let dMixed = space.mixedGradient.base
        adapterBackward(.o, x: tape.mixed.base, strideX: queryWidth, dY: gradient, strideY: shape.width)
        linearBackward(gradient, outputs: shape.width, weights.attentionOutput, inputs: queryWidth, into: dMixed)

        let dProjected = space.queryKeyValueGradient.base
        // Heads of one group add to the same keys and values.
        dProjected.update(repeating: 0, count: rows * stride)
        for head in 0..<shape.heads { attendHeadBackward(tape, head: head, dMixed: dMixed, dProjected: dProjected) }
        for row in 0..<rows {
            space.rotary.rotateBack(dProjected + row * stride, heads: shape.heads + shape.keyValueHeads, position: row)
        }

        // The normalised input is computed again: it costs less than keeping it.
        let normalised = space.normalised.base
        RMSNorm.forward(
            x, rows: rows, width: shape.width, weight: weights.attentionNorm, epsilon: shape.epsilon, into: normalised)
        for (matrix, column) in [(AdapterMatrix.q, 0), (.k, queryWidth), (.v, queryWidth + keyValueWidth)] {
            adapterBackward(matrix, x: normalised, strideX: shape.width, dY: dProjected + column, strideY: stride)
        }
        let dNormalised = space.normalisedGradient.base
        linearBackward(dProjected, outputs: stride, weights.queryKeyValue, inputs: shape.width, into: dNormalised)
        // The residual passes the gradient on as it is.
        RMSNorm.backward(
            x, rows: rows, width: shape.width, weight: weights.attentionNorm, epsilon: shape.epsilon, dY: dNormalised,
            addingTo: gradient)
    }

    /// P = softmax(Q·Kᵀ/√headWidth), each row over the positions up to its own: rows × rows, zero behind them.
    private func weigh(_ tape: LayerTape<Scalar>, head: Int) {
        let projected = tape.queryKeyValue.base
        let weights = space.attention.base
        Scalar.gemm(
            .no, .yes, m: rows, n: rows, k: shape.headWidth, alpha: scale, a: projected + head * shape.headWidth,
            strideA: stride, b: projected + keyColumn(head), strideB: stride, beta: 0, c: weights, strideC: rows)
        for row in 0..<rows {
            let scores = weights + row * rows
            var peak = scores[0]
            for i in 0...row { peak = max(peak, scores[i]) }
            var sum: Scalar = 0
            for i in 0...row {
                scores[i] = Scalar.exponential(scores[i] - peak)
                sum += scores[i]
            }
            for i in 0...row { scores[i] /= sum }
            (scores + row + 1).update(repeating: 0, count: rows - row - 1)
        }
    }

    /// With O = P·V and P = softmax(S): dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P ∘ (dP − rowsum(P ∘ dP)), and with
    /// S = scale·Q·Kᵀ: dQ = scale·dS·K, dK = scale·dSᵀ·Q.
    private func attendHeadBackward(
        _ tape: LayerTape<Scalar>, head: Int, dMixed: UnsafePointer<Scalar>, dProjected: UnsafeMutablePointer<Scalar>
    ) {
        let width = shape.headWidth
        let (queryColumn, keyColumn) = (head * width, keyColumn(head))
        let valueColumn = keyColumn + keyValueWidth
        let projected = UnsafePointer(tape.queryKeyValue.base)
        let dOutput = dMixed + queryColumn
        weigh(tape, head: head)
        let p = space.attention.base
        let dP = space.attentionGradient.base  // then dS

        Scalar.gemm(
            .yes, .no, m: rows, n: width, k: rows, alpha: 1, a: p, strideA: rows, b: dOutput, strideB: queryWidth,
            beta: 1, c: dProjected + valueColumn, strideC: stride)
        Scalar.gemm(
            .no, .yes, m: rows, n: rows, k: width, alpha: 1, a: dOutput, strideA: queryWidth,
            b: projected + valueColumn, strideB: stride, beta: 0, c: dP, strideC: rows)
        for row in 0..<rows {
            let (p, dP) = (p + row * rows, dP + row * rows)
            var along: Scalar = 0
            for i in 0...row { along += p[i] * dP[i] }
            for i in 0..<rows { dP[i] = p[i] * (dP[i] - along) }
        }
        Scalar.gemm(
            .no, .no, m: rows, n: width, k: rows, alpha: scale, a: dP, strideA: rows, b: projected + keyColumn,
            strideB: stride, beta: 0, c: dProjected + queryColumn, strideC: stride)
        Scalar.gemm(
            .yes, .no, m: rows, n: width, k: rows, alpha: scale, a: dP, strideA: rows, b: projected + queryColumn,
            strideB: stride, beta: 1, c: dProjected + keyColumn, strideC: stride)
    }

    private var scale: Scalar { 1 / Scalar(shape.headWidth).squareRoot() }
}
