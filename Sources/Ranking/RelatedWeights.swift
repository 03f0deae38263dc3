/// How much each part of ``RelatedFeatures`` counts in a note's own list. Belongs to the model version.
public struct RelatedWeights: Sendable, Equatable {
    /// The key of these weights among a model version's list weights.
    public static let name = "related"
    /// The parts' names, in the order of a fit's columns.
    public static let parts = ["cosine", "lexical", "cooccurrence"]

    /// Weight of the embeddings' cosine.
    public var cosine: Double
    /// Weight of the lexical share.
    public var lexical: Double
    /// Weight of the shrunk co-occurrence.
    public var cooccurrence: Double

    /// Weights that need no fit: text and meaning count alike, and a pair that one user clicked counts about as much as
    /// a near neighbour.
    public init(cosine: Double = 1, lexical: Double = 1, cooccurrence: Double = 2) {
        self.cosine = cosine
        self.lexical = lexical
        self.cooccurrence = cooccurrence
    }

    /// Weights by name. A name that is missing, or whose value is not finite, keeps its default.
    public init(_ dictionary: [String: Double]) {
        self.init()
        for (path, name) in zip(Self.paths, Self.parts) {
            if let value = dictionary[name], value.isFinite { self[keyPath: path] = value }
        }
    }

    /// Weights in the order of ``parts``, as a fit returns them; missing ones are zero.
    public init(columns: [Double]) {
        self.init(cosine: 0, lexical: 0, cooccurrence: 0)
        for (path, value) in zip(Self.paths, columns) { self[keyPath: path] = value }
    }

    /// The weights in the order of ``parts``.
    public var columns: [Double] { Self.paths.map { self[keyPath: $0] } }

    /// The weights by name.
    public var dictionary: [String: Double] {
        Dictionary(zip(Self.parts, columns), uniquingKeysWith: { first, _ in first })
    }

    private static var paths: [WritableKeyPath<RelatedWeights, Double>] { [\.cosine, \.lexical, \.cooccurrence] }
}
