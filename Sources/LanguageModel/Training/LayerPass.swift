import Tensors

/// One layer's pass over one sequence of `rows` tokens, forward and backward, generic over Float and Double.
///
/// The layer's weights are those it serves with, the adapter's change among them (W + scale·B·A), so the forward pass
/// knows no adapter. Backward, the frozen W takes no gradient; with G the gradient of W as it stands, the adapter's are
/// dA = scale·Bᵀ·G and dB = scale·G·Aᵀ (LoRA: Hu et al., arXiv 2106.09685), computed without ever forming G.
struct LayerPass<Scalar: RealScalar> {
    let shape: ModelConfiguration
    let weights: LayerTensors<Scalar>
    let rows: Int
    /// The adapter's numbers of this layer; nil for a layer that is not adapted.
    let adapter: LayerAdapter<Scalar>?
    let space: TrainingSpace<Scalar>

    /// Reads `tape.input` and fills in the rest of the tape. The residual stream after the layer goes to `output`,
    /// rows × width, which may be nil where only the tape is wanted.
    func forward(_ tape: LayerTape<Scalar>, output: UnsafeMutablePointer<Scalar>?) {
        attend(tape)
        feedForward(tape, output: output)
    }

    /// Replaces `gradient`, that of the layer's output (rows × width), by that of its input, and adds the adapter's own.
    func backward(_ tape: LayerTape<Scalar>, gradient: UnsafeMutablePointer<Scalar>) {
        feedForwardBackward(tape, gradient: gradient)
        attendBackward(tape, gradient: gradient)
    }
}

// MARK: - Linear maps

extension LayerPass {
    /// Y = X·Wᵀ, or Y += X·Wᵀ: X rows × inputs, W outputs × inputs, Y rows × outputs.
    func linear(
        _ x: UnsafePointer<Scalar>, inputs: Int, strideX: Int, _ w: UnsafePointer<Scalar>, outputs: Int,
        into y: UnsafeMutablePointer<Scalar>, add: Bool = false
    ) {
        Scalar.gemm(
            .no, .yes, m: rows, n: outputs, k: inputs, alpha: 1, a: x, strideA: strideX, b: w, strideB: inputs,
            beta: add ? 1 : 0, c: y, strideC: outputs)
    }

    /// dX = dY·W: dY rows × outputs, W outputs × inputs, dX rows × inputs.
    func linearBackward(
        _ dY: UnsafePointer<Scalar>, outputs: Int, _ w: UnsafePointer<Scalar>, inputs: Int,
        into dX: UnsafeMutablePointer<Scalar>
    ) {
        Scalar.gemm(
            .no, .no, m: rows, n: inputs, k: outputs, alpha: 1, a: dY, strideA: outputs, b: w, strideB: inputs, beta: 0,
            c: dX, strideC: inputs)
    }

    /// Adds the gradients of a matrix's A and B: dA += scale·(dY·B)ᵀ·X, dB += scale·dYᵀ·(X·Aᵀ), for X rows × inputs and
    /// dY rows × outputs.
    func adapterBackward(
        _ matrix: AdapterMatrix, x: UnsafePointer<Scalar>, strideX: Int, dY: UnsafePointer<Scalar>, strideY: Int
    ) {
        guard let adapter else { return }
        let rank = adapter.layout.shape.rank
        let inputs = matrix.part.columns(shape.widths)
        let outputs = matrix.part.rows(shape.widths)
        let offsets = adapter.layout.offsets(of: matrix)
        let (a, b) = (adapter.values + offsets.a, adapter.values + offsets.b)
        let (dA, dB) = (adapter.gradients + offsets.a, adapter.gradients + offsets.b)
        let scale = Scalar(adapter.layout.shape.scale)
        let lowRank = space.lowRank.base  // rows × rank

        Scalar.gemm(
            .no, .no, m: rows, n: rank, k: outputs, alpha: 1, a: dY, strideA: strideY, b: b, strideB: rank, beta: 0,
            c: lowRank, strideC: rank)
        Scalar.gemm(
            .yes, .no, m: rank, n: inputs, k: rows, alpha: scale, a: lowRank, strideA: rank, b: x, strideB: strideX,
            beta: 1, c: dA, strideC: inputs)

        Scalar.gemm(
            .no, .yes, m: rows, n: rank, k: inputs, alpha: 1, a: x, strideA: strideX, b: a, strideB: inputs, beta: 0,
            c: lowRank, strideC: rank)
        Scalar.gemm(
            .yes, .no, m: outputs, n: rank, k: rows, alpha: scale, a: dY, strideA: strideY, b: lowRank, strideB: rank,
            beta: 1, c: dB, strideC: rank)
    }
}

/// The adapter's numbers of one layer, and where their gradients are added.
struct LayerAdapter<Scalar: RealScalar> {
    let layout: AdapterLayout
    let values: UnsafePointer<Scalar>
    let gradients: UnsafeMutablePointer<Scalar>
}

/// What one layer's backward pass needs of its forward pass. Owned by one thread at a time.
final class LayerTape<Scalar: RealScalar> {
    /// rows × width: the residual stream before the layer.
    let input: AlignedBuffer<Scalar>
    /// rows × (queryWidth + 2 · keyValueWidth): queries and keys turned to their positions, values.
    let queryKeyValue: AlignedBuffer<Scalar>
    /// rows × queryWidth: all heads' mixed values.
    let mixed: AlignedBuffer<Scalar>
    /// rows × width: the residual stream between attention and feed-forward.
    let middle: AlignedBuffer<Scalar>
    /// rows × (2 · feedForwardWidth): gate and up, as they come out of their matrices.
    let gateUp: AlignedBuffer<Scalar>

    /// A tape for `rows` tokens.
    init(rows: Int, _ shape: ModelConfiguration) {
        input = AlignedBuffer(count: rows * shape.width)
        queryKeyValue = AlignedBuffer(count: rows * (shape.queryWidth + 2 * shape.keyValueWidth))
        mixed = AlignedBuffer(count: rows * shape.queryWidth)
        middle = AlignedBuffer(count: rows * shape.width)
        gateUp = AlignedBuffer(count: rows * 2 * shape.feedForwardWidth)
    }
}

/// One thread's memory for what lives only within one layer's pass.
final class TrainingSpace<Scalar: RealScalar> {
    /// rows × width: the normalised input of a block.
    private(set) var normalised = AlignedBuffer<Scalar>(count: 0)
    /// rows × width: its gradient.
    private(set) var normalisedGradient = AlignedBuffer<Scalar>(count: 0)
    /// rows × (queryWidth + 2 · keyValueWidth)
    private(set) var queryKeyValueGradient = AlignedBuffer<Scalar>(count: 0)
    /// rows × queryWidth
    private(set) var mixedGradient = AlignedBuffer<Scalar>(count: 0)
    /// rows × rows: one head's attention.
    private(set) var attention = AlignedBuffer<Scalar>(count: 0)
    /// rows × rows: its gradient.
    private(set) var attentionGradient = AlignedBuffer<Scalar>(count: 0)
    /// rows × feedForwardWidth: silu(gate) ∘ up.
    private(set) var gated = AlignedBuffer<Scalar>(count: 0)
    /// rows × feedForwardWidth: its gradient.
    private(set) var gatedGradient = AlignedBuffer<Scalar>(count: 0)
    /// rows × (2 · feedForwardWidth)
    private(set) var gateUpGradient = AlignedBuffer<Scalar>(count: 0)
    /// rows × rank
    private(set) var lowRank = AlignedBuffer<Scalar>(count: 0)
    /// Rotations of the positions seen so far.
    private(set) var rotary = RotaryTable<Scalar>()

    /// Makes room for sequences of `rows` tokens.
    func reserve(rows: Int, rank: Int, _ shape: ModelConfiguration) {
        func grow(_ buffer: inout AlignedBuffer<Scalar>, _ count: Int) {
            if buffer.count < count { buffer = AlignedBuffer(count: count) }
        }
        let projected = shape.queryWidth + 2 * shape.keyValueWidth
        grow(&normalised, rows * shape.width)
        grow(&normalisedGradient, rows * shape.width)
        grow(&queryKeyValueGradient, rows * projected)
        grow(&mixedGradient, rows * shape.queryWidth)
        grow(&attention, rows * rows)
        grow(&attentionGradient, rows * rows)
        grow(&gated, rows * shape.feedForwardWidth)
        grow(&gatedGradient, rows * shape.feedForwardWidth)
        grow(&gateUpGradient, rows * 2 * shape.feedForwardWidth)
        grow(&lowRank, rows * rank)
        rotary.reserve(positions: rows, headWidth: shape.headWidth, base: shape.ropeBase)
    }
}
