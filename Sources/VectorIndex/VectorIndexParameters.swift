/// How a ``VectorIndex`` is built. Stored with the index; opening it with others is an error.
public struct VectorIndexParameters: Hashable, Sendable {
    /// Length of every vector.
    public var dimension: Int
    /// Links a new node gets on a level; the base level has room for twice as many.
    public var m: Int
    /// Width of the beam that looks for a new node's neighbours.
    public var efConstruction: Int
    /// Chooses the rotation of the codes and the nodes' levels.
    public var seed: UInt64

    /// The defaults suit some hundred thousand notes of 128 dimensions.
    public init(dimension: Int = 128, m: Int = 16, efConstruction: Int = 200, seed: UInt64 = 0x6E6F_7465) {
        self.dimension = dimension
        self.m = m
        self.efConstruction = efConstruction
        self.seed = seed
    }
}

/// A label found by a search.
public struct Neighbour: Hashable, Sendable {
    /// What the vector was inserted under.
    public let label: UInt32
    /// Cosine of the angle between query and vector; 0 when either is zero.
    public let similarity: Float

    /// A label and its similarity.
    public init(label: UInt32, similarity: Float) {
        self.label = label
        self.similarity = similarity
    }

    /// Higher similarity first, then the lower label.
    package static func precedes(_ left: Neighbour, _ right: Neighbour) -> Bool {
        left.similarity != right.similarity ? left.similarity > right.similarity : left.label < right.label
    }
}
