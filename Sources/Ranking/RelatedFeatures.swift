/// What is known of a pair of notes (A, B) whatever the time: how well B belongs with A.
///
/// The three parts come from the three sources of candidates: vector neighbours, lexical neighbours and co-occurring
/// notes. A candidate found by one source gets the other two computed, so that a missing part means zero and not unknown.
public struct RelatedFeatures: Sendable, Equatable {
    /// Cosine of the two embeddings, −1...1.
    public var cosine: Double
    /// BM25 of B for A's terms as a share of A's own score (``lexicalShare(score:ownScore:)``), 0 or more.
    public var lexical: Double
    /// s(A→B), shrunk (``shrink(_:)``), 0..<1.
    public var cooccurrence: Double
    /// How many users clicked A and later B; it is told with the reason and does not enter the score.
    public var users: Int64

    /// Features from their three parts.
    public init(cosine: Double = 0, lexical: Double = 0, cooccurrence: Double = 0, users: Int64 = 0) {
        self.cosine = cosine
        self.lexical = lexical
        self.cooccurrence = cooccurrence
        self.users = users
    }

    /// A BM25 score as a share of what the query note scores against itself, which takes the query's length and the
    /// rarity of its words out of the number; 0 when the note has no terms.
    public static func lexicalShare(score: Double, ownScore: Double) -> Double {
        ownScore > 0 ? max(0, score / ownScore) : 0
    }

    /// The score at which ``shrink(_:)`` answers one half: one user who clicked A, then B, and nothing else.
    public static let shrinkage = 0.5

    /// s(A→B) from fixed point (1 << 32 is one), shrunk to s / (s + ``shrinkage``).
    ///
    /// A pair's score is a sum over users and has no upper bound, while its evidence does not grow with it: the tenth
    /// user says less than the first. The quotient is linear near zero, where most pairs are, and saturates at one, so a
    /// pair that many people share cannot outweigh every other part.
    public static func shrink(_ fixedPoint: Int64) -> Double {
        guard fixedPoint > 0 else { return 0 }
        let score = Double(fixedPoint) / 4_294_967_296
        return score / (score + shrinkage)
    }

    /// That people clicked B after A, in words.
    var clickedReason: String {
        switch users {
        case ...0: "clicked after this"
        case 1: "clicked after this by one person"
        default: "clicked after this by \(users) people"
        }
    }
}
