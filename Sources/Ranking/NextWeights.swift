/// How much each part of ``NextFeatures`` counts in the question "what is touched next?". Belongs to the model version.
public struct NextWeights: Sendable, Equatable {
    /// The key of these weights among a model version's list weights.
    public static let name = "next"
    /// The parts' names, in the order of ``NextFeatures/columns``.
    public static let parts = [
        "cosine", "lexical", "cooccurrence", "age", "newest", "touched", "active", "recent_clicks", "clicks",
    ]

    /// Weight of the embeddings' cosine.
    public var cosine: Double = 0.5
    /// Weight of the lexical share.
    public var lexical: Double = 0.9
    /// Weight of the shrunk co-occurrence.
    public var cooccurrence: Double = 1
    /// Weight of youth, −ln(age).
    public var age: Double = 0.3
    /// Weight of the place among the newest notes.
    public var newest: Double = 0.4
    /// Weight of the place among the notes touched last.
    public var touched: Double = 0.8
    /// Weight of having any click in the window.
    public var active: Double = 1
    /// Weight of the last day's clicks.
    public var recentClicks: Double = 0.2
    /// Weight of the window's clicks. Negative beside the others: of two notes touched equally recently, the one that
    /// many have been to already has fewer people left who have not.
    public var clicks: Double = -0.5

    /// Weights that need no fit.
    public init() {}

    /// Weights by name. A name that is missing, or whose value is not finite, keeps its default.
    public init(_ dictionary: [String: Double]) {
        for (path, name) in zip(Self.paths, Self.parts) {
            if let value = dictionary[name], value.isFinite { self[keyPath: path] = value }
        }
    }

    /// Weights in the order of ``parts``, as a fit returns them; missing ones are zero.
    public init(columns: [Double]) {
        for (index, path) in Self.paths.enumerated() {
            self[keyPath: path] = index < columns.count ? columns[index] : 0
        }
    }

    /// The weights in the order of ``parts``.
    public var columns: [Double] { Self.paths.map { self[keyPath: $0] } }

    /// The weights by name.
    public var dictionary: [String: Double] {
        Dictionary(zip(Self.parts, columns), uniquingKeysWith: { first, _ in first })
    }

    private static var paths: [WritableKeyPath<NextWeights, Double>] {
        [\.cosine, \.lexical, \.cooccurrence, \.age, \.newest, \.touched, \.active, \.recentClicks, \.clicks]
    }
}
