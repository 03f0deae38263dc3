import Ranking

/// What a list made to order is to be like. What is not said is as in the lists that are sent.
package struct ListRequest: Sendable, Equatable {
    /// Notes wanted at most.
    package var count: Int
    /// Only notes of this category.
    package var category: String?
    /// 0 (by score alone) to 1 (as unlike each other as possible).
    package var diversity: Double?
    /// Joined with what is new and busy: what is touched next, in place of what belongs with the note.
    package var isNext = false

    package init(count: Int, category: String? = nil, diversity: Double? = nil, isNext: Bool = false) {
        self.count = count
        self.category = category
        self.diversity = diversity
        self.isNext = isNext
    }
}

/// A list made to order, and under which model version.
package struct MadeList: Sendable {
    package var version: String
    /// Event time of the newest note or click that it reflects, in milliseconds since 1970.
    package var time: Int64
    /// Best first.
    package var items: [RankedNote]
}
