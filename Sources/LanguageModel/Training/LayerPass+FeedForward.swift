import Tensors

// The feed-forward network with a SwiGLU (Shazeer, arXiv 2002.05202), forward and backward.
extension LayerPass {
    private var inner: Int { shape.feedForwardWidth }

    /// output = middle + down · (silu(gate · norm(middle)) ∘ (up · norm(middle)))
    func feedForward(_ tape: LayerTape<Scalar>, output: UnsafeMutablePointer<Scalar>?) {
        let middle = tape.middle.base
        normalise(middle)
        linear(
            space.normalised.base, inputs: shape.width, strideX: shape.width, weights.gateUp, outputs: 2 * inner,
            into: tape.gateUp.base)
        guard let output else { return }
        for row in 0..<rows {
            let gate = tape.gateUp.base + row * 2 * inner
            let (up, gated) = (gate + inner, space.gated.base + row * inner)
            for i in 0..<inner { gated[i] = gate[i] * sigmoid(gate[i]) * up[i] }
        }
        output.update(from: middle, count: rows * shape.width)
        linear(
            space.gated.base, inputs: inner, strideX: inner, weights.down, outputs: shape.width, into: output, add: true
        )
    }

    /// `gradient`, that of the output (rows × width), becomes that of middle. With σ = sigmoid(gate):
    /// dGate = dGated ∘ up ∘ σ·(1 + gate·(1 − σ)), dUp = dGated ∘ gate·σ.
    func feedForwardBackward(_ tape: LayerTape<Scalar>, gradient: UnsafeMutablePointer<Scalar>) {
        let middle = tape.middle.base
        let dGated = space.gatedGradient.base
        let dGateUp = space.gateUpGradient.base
        linearBackward(gradient, outputs: shape.width, weights.down, inputs: inner, into: dGated)
        for row in 0..<rows {
            let gate = tape.gateUp.base + row * 2 * inner
            let (up, gated, dGated) = (gate + inner, space.gated.base + row * inner, dGated + row * inner)
            let dGate = dGateUp + row * 2 * inner
            let dUp = dGate + inner
            for i in 0..<inner {
                let open = sigmoid(gate[i])
                let silu = gate[i] * open
                gated[i] = silu * up[i]
                dGate[i] = dGated[i] * up[i] * open * (1 + gate[i] * (1 - open))
                dUp[i] = dGated[i] * silu
            }
        }
        adapterBackward(.down, x: space.gated.base, strideX: inner, dY: gradient, strideY: shape.width)
        normalise(middle)
        let normalised = space.normalised.base
        adapterBackward(.gate, x: normalised, strideX: shape.width, dY: dGateUp, strideY: 2 * inner)
        adapterBackward(.up, x: normalised, strideX: shape.width, dY: dGateUp + inner, strideY: 2 * inner)
        let dNormalised = space.normalisedGradient.base
        linearBackward(dGateUp, outputs: 2 * inner, weights.gateUp, inputs: shape.width, into: dNormalised)
        // The residual passes the gradient on as it is.
        RMSNorm.backward(
            middle, rows: rows, width: shape.width, weight: weights.feedForwardNorm, epsilon: shape.epsilon,
            dY: dNormalised, addingTo: gradient)
    }

    private func normalise(_ x: UnsafePointer<Scalar>) {
        RMSNorm.forward(
            x, rows: rows, width: shape.width, weight: weights.feedForwardNorm, epsilon: shape.epsilon,
            into: space.normalised.base)
    }

    @inline(__always) private func sigmoid(_ x: Scalar) -> Scalar { 1 / (1 + Scalar.exponential(-x)) }
}
