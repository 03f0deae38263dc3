import Tensors

/// What a forward pass through some layers leaves for the backward pass.
package struct LayerStretch<Scalar: RealScalar>: @unchecked Sendable {
    // Unchecked, and safe: the tapes are written by the forward pass that makes the stretch and only read afterwards.

    /// What is kept of each layer.
    package enum Keeping: Sendable {
        /// Nothing: there will be no backward pass.
        case nothing
        /// The layer's input alone; the rest is computed again backward, one layer at a time (gradient checkpointing:
        /// Chen et al., arXiv 1604.06174). A third more time for a tenth of the memory.
        case inputs
        /// All that backward needs.
        case everything
    }

    let layers: Range<Int>
    let inputs: [Matrix<Scalar>]
    let tapes: [LayerTape<Scalar>]
    /// rows × width: the residual stream behind the last layer.
    package fileprivate(set) var output: Matrix<Scalar>
}

/// One thread's memory for passes. Owned by one thread.
package final class TrainingWorker<Scalar: RealScalar> {
    fileprivate let space = TrainingSpace<Scalar>()
    /// The last tape that was computed again, for sequences of `rows` tokens.
    private var tape: (rows: Int, tape: LayerTape<Scalar>)?

    /// Empty memory.
    package init() {}

    fileprivate func tape(rows: Int, _ shape: ModelConfiguration) -> LayerTape<Scalar> {
        if let tape, tape.rows == rows { return tape.tape }
        let new = LayerTape<Scalar>(rows: rows, shape)
        tape = (rows, new)
        return new
    }
}

extension TrainableModel {
    /// The embeddings of `tokens`, rows × width: the residual stream before the first layer.
    package func embed(_ tokens: [Int32]) -> Matrix<Scalar> {
        Matrix(rows: tokens.count, columns: configuration.width, elements: tokens.flatMap { embedding($0) })
    }

    /// Runs `layers` over the whole sequence whose residual stream before them is `input`, rows × width.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func forward(
        _ input: Matrix<Scalar>, layers: Range<Int>, keeping: LayerStretch<Scalar>.Keeping,
        worker: TrainingWorker<Scalar>
    ) -> LayerStretch<Scalar> {
        let rows = input.rows
        worker.space.reserve(rows: rows, rank: layout.shape.rank, configuration)
        var residual = input
        var inputs: [Matrix<Scalar>] = []
        var tapes: [LayerTape<Scalar>] = []
        for layer in layers {
            if keeping == .inputs { inputs.append(residual) }
            let tape: LayerTape<Scalar>
            if keeping == .everything {
                tape = LayerTape(rows: rows, configuration)
                tapes.append(tape)
            } else {
                tape = worker.tape(rows: rows, configuration)
            }
            tape.read(residual)
            // Whoever holds the input holds a copy from here on.
            residual.withMutableElements { output in
                pass(layer, rows: rows, adapter: nil, worker).forward(tape, output: output.baseAddress)
            }
        }
        return LayerStretch(layers: layers, inputs: inputs, tapes: tapes, output: residual)
    }

    /// Takes `gradient`, that of the stretch's output (rows × width), back to its input, and adds the adapter's to
    /// `gradients`, which lie as ``parameters`` do.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func backward(
        _ stretch: LayerStretch<Scalar>, gradient: inout Matrix<Scalar>, adapterGradients gradients: inout [Scalar],
        worker: TrainingWorker<Scalar>
    ) {
        let rows = gradient.rows
        precondition(gradients.count == layout.count, "one gradient per number of the adapter")
        worker.space.reserve(rows: rows, rank: layout.shape.rank, configuration)
        for (index, layer) in stretch.layers.enumerated().reversed() {
            gradients.withUnsafeMutableBufferPointer { gradients in
                parameters.withUnsafeBufferPointer { values in
                    var adapter: LayerAdapter<Scalar>?
                    if let offset = layout.offset(ofLayer: layer), let values = values.baseAddress,
                        let gradients = gradients.baseAddress
                    {
                        adapter = LayerAdapter(layout: layout, values: values + offset, gradients: gradients + offset)
                    }
                    let pass = pass(layer, rows: rows, adapter: adapter, worker)
                    let tape: LayerTape<Scalar>
                    if stretch.tapes.isEmpty {
                        tape = worker.tape(rows: rows, configuration)
                        tape.read(stretch.inputs[index])
                        pass.forward(tape, output: nil)
                    } else {
                        tape = stretch.tapes[index]
                    }
                    gradient.withMutableElements { gradient in
                        if let gradient = gradient.baseAddress { pass.backward(tape, gradient: gradient) }
                    }
                }
            }
        }
    }

    private func pass(_ layer: Int, rows: Int, adapter: LayerAdapter<Scalar>?, _ worker: TrainingWorker<Scalar>)
        -> LayerPass<Scalar>
    {
        LayerPass(
            shape: configuration, weights: weights(ofLayer: layer), rows: rows, adapter: adapter, space: worker.space)
    }
}

extension LayerTape {
    fileprivate func read(_ residual: Matrix<Scalar>) {
        residual.withElements { source in
            if let source = source.baseAddress {
                input.base.update(from: source, count: residual.rows * residual.columns)
            }
        }
    }
}
