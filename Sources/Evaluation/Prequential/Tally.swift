/// What one ranking did over the tests.
public struct Tally: Sendable, Equatable {
    /// How many notes of a list count for coverage and similarity.
    static let shown = 10

    /// The target's rank at each test, 1 and up, half ranks at ties.
    public private(set) var ranks: [Double] = []
    private var shownNotes: Set<Int> = []
    private var similarity = 0.0
    private var catalogue = 0

    /// Scores of all notes at one test.
    mutating func add<Score: Comparable>(_ scores: [Score], _ situation: Situation, _ content: ContentFeatures) {
        let test = situation.test
        ranks.append(Ranks.midRank(of: test.target, in: scores, excluding: test.note))
        let top = Ranks.best(Self.shown, in: scores, excluding: test.note)
        shownNotes.formUnion(top)
        catalogue = max(catalogue, situation.count)
        var sum = 0.0
        var pairs = 0
        for (place, first) in top.enumerated() {
            for second in top[..<place] {
                sum += Double(content.cosine(first, second))
                pairs += 1
            }
        }
        similarity += pairs > 0 ? sum / Double(pairs) : 0
    }

    private func mean(_ value: (Double) -> Double) -> Double {
        ranks.isEmpty ? 0 : ranks.reduce(0) { $0 + value($1) } / Double(ranks.count)
    }

    /// Share of tests whose target is among the first ten.
    public var hit10: Double { mean { $0 <= 10 ? 1 : 0 } }
    /// Share of tests whose target is among the first hundred.
    public var hit100: Double { mean { $0 <= 100 ? 1 : 0 } }
    /// Mean reciprocal rank.
    public var mrr: Double { mean { 1 / $0 } }
    /// Share of the catalogue (notes created before the last test) shown in any first ten.
    public var coverage: Double { catalogue == 0 ? 0 : Double(shownNotes.count) / Double(catalogue) }
    /// Mean cosine of the embeddings within a first ten.
    public var meanSimilarity: Double { ranks.isEmpty ? 0 : similarity / Double(ranks.count) }
}
