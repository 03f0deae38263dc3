import Tensors

/// A language model whose adapter learns: the frozen weights, and those of the adapted layers as the adapter's present
/// numbers make them. Generic over Float, which trains, and Double, in which gradients are checked.
///
/// A value that threads may read at once, each with a ``TrainingWorker`` of its own.
package struct TrainableModel<Scalar: RealScalar>: Sendable {
    /// The model's shape.
    package let configuration: ModelConfiguration
    /// What learns.
    package let layout: AdapterLayout
    /// The adapter's numbers, as the layout says.
    package private(set) var parameters: [Scalar]

    /// The weights as the file has them, of the layers that are run.
    private let frozen: [LayerTensors<Scalar>]
    /// The same with the adapter's change.
    private var merged: [LayerTensors<Scalar>]
    /// A token's embedding, `width` long. Frozen.
    let embedding: @Sendable (Int32) -> [Scalar]
    /// width
    let outputNorm: [Scalar]
    /// vocabulary × width; nil where the model is never asked for tokens.
    let head: Matrix<Scalar>?

    /// A model over `model`'s weights whose first `depth` layers are run.
    ///
    /// - Parameters:
    ///   - parameters: the adapter's numbers.
    ///   - writes: whether ``tokenLoss(_:targets:weight:)`` will be asked for; it takes the head's memory.
    /// - Throws: ``LanguageModelError`` of kind `wrongAdapter`.
    package init(_ model: LanguageModel, layout: AdapterLayout, parameters: [Scalar], depth: Int, writes: Bool)
        throws(LanguageModelError)
    {
        try layout.check(fits: model.configuration)
        let widths = model.configuration.widths
        self.init(
            model.configuration, layout: layout, parameters: parameters,
            layers: (0..<depth).map { model.weights(ofLayer: $0).converted(widths, to: Scalar.self) },
            embedding: { model.embed([$0]).elements.map { Scalar($0) } },
            outputNorm: model.outputNorm.map { Scalar($0) }, head: writes ? Self.converted(model.headWeights()) : nil)
    }

    /// A model of the given weights: each layer's parts row-major, the embedding vocabulary × width and tied to the head.
    package init(
        _ configuration: ModelConfiguration, layout: AdapterLayout, parameters: [Scalar],
        weights: [[LayerPart: [Scalar]]], embedding: Matrix<Scalar>, outputNorm: [Scalar]
    ) {
        self.init(
            configuration, layout: layout, parameters: parameters,
            layers: weights.map { parts in
                LayerTensors(configuration.widths) { part, target in
                    let values = parts[part] ?? []
                    precondition(values.count == part.count(configuration.widths), "a part's values fill it")
                    for (i, value) in values.enumerated() { target[i] = value }
                }
            }, embedding: { embedding.row(Int($0)) }, outputNorm: outputNorm, head: embedding)
    }

    private init(
        _ configuration: ModelConfiguration, layout: AdapterLayout, parameters: [Scalar],
        layers: [LayerTensors<Scalar>], embedding: @escaping @Sendable (Int32) -> [Scalar], outputNorm: [Scalar],
        head: Matrix<Scalar>?
    ) {
        self.configuration = configuration
        self.layout = layout
        self.parameters = parameters
        frozen = layers
        merged = layers
        self.embedding = embedding
        self.outputNorm = outputNorm
        self.head = head
        merge()
    }

    /// Takes other numbers for the adapter.
    package mutating func update(_ parameters: [Scalar]) {
        self.parameters = parameters
        merge()
    }

    /// The weights that layer `index` is run with.
    func weights(ofLayer index: Int) -> LayerTensors<Scalar> { merged[index] }

    private mutating func merge() {
        precondition(parameters.count == layout.count, "the numbers fill the layout")
        for layer in layout.shape.layers where layer < frozen.count {
            merged[layer] = frozen[layer].copy(layout.widths) { part, target in
                layout.add(parameters, layer: layer, part, to: target)
            }
        }
    }

    private static func converted(_ matrix: Matrix<Float>) -> Matrix<Scalar> {
        if let same = matrix as? Matrix<Scalar> { return same }
        return Matrix(rows: matrix.rows, columns: matrix.columns, elements: matrix.elements.map { Scalar($0) })
    }
}
