/// How a ``LexicalIndex`` weighs terms.
public struct LexicalParameters: Hashable, Sendable {
    /// How soon repetitions of a term in a document stop counting.
    public var k1: Double
    /// How much long documents are held back: 0 not at all, 1 in proportion.
    public var b: Double
    /// How many times a term of the title counts. Part of the stored rows: another value needs another namespace.
    public var titleWeight: Int
    /// How many postings a query may read. Its rarest terms are used first; terms that would exceed the bound are left out,
    /// and as those stand in so many documents, they say little. The default takes about a millisecond.
    public var postingsPerQuery: Int

    /// The usual constants.
    public init(k1: Double = 1.2, b: Double = 0.75, titleWeight: Int = 2, postingsPerQuery: Int = 200_000) {
        self.k1 = k1
        self.b = b
        self.titleWeight = titleWeight
        self.postingsPerQuery = postingsPerQuery
    }
}

/// A label found by a search.
public struct LexicalMatch: Hashable, Sendable {
    /// What the document was inserted under.
    public let label: UInt32
    /// BM25, more than 0.
    public let score: Double

    /// A label and its score.
    public init(label: UInt32, score: Double) {
        self.label = label
        self.score = score
    }

    /// Higher score first, then the lower label.
    static func precedes(_ left: LexicalMatch, _ right: LexicalMatch) -> Bool {
        left.score != right.score ? left.score > right.score : left.label < right.label
    }
}
