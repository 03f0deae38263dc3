/// What the users who clicked two notes one after the other add up to, or how that changes.
public struct PairSum: Hashable, Sendable {
    /// s(A→B) in fixed point (``PairScore/one``).
    public var score: Int64
    /// How many users stand behind the score. Never waits for a correction, as the score does.
    public var users: Int64

    /// Nothing.
    public static let zero = PairSum(score: 0, users: 0)

    /// A sum from its parts.
    public init(score: Int64, users: Int64) {
        self.score = score
        self.users = users
    }

    /// Both parts, added.
    public static func + (left: PairSum, right: PairSum) -> PairSum {
        PairSum(score: left.score + right.score, users: left.users + right.users)
    }

    /// Adds both parts.
    public static func += (left: inout PairSum, right: PairSum) { left = left + right }
}

extension PairSum {
    init(_ numbers: SIMD2<Int64>) { self.init(score: numbers.x, users: numbers.y) }

    /// As a store's rows hold it.
    var numbers: SIMD2<Int64> { SIMD2(score, users) }
}
