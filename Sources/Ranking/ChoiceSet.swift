/// Observed choices: each has candidates, a row of features per candidate, and the one that was chosen.
///
/// Rows lie one after another in one buffer (Float, row-major), since a log gives millions of them.
public struct ChoiceSet: Sendable {
    /// Features per candidate.
    public let columns: Int
    /// All rows, rows × columns.
    var values: [Float] = []
    /// The first row of each choice, and the number of rows at the end.
    var starts: [Int] = [0]
    /// The chosen row of each choice, counted over all rows.
    var chosen: [Int] = []

    /// No choices yet.
    public init(columns: Int) { self.columns = columns }

    /// How many choices there are.
    public var count: Int { chosen.count }

    /// How many rows there are over all choices.
    public var rows: Int { starts[chosen.count] }

    /// Adds a choice. A choice whose row is not among the candidates, or whose rows are incomplete, is ignored.
    ///
    /// - Parameters:
    ///   - rows: candidates × columns.
    ///   - index: the chosen candidate's row.
    public mutating func append(rows: [Float], chosen index: Int) {
        let candidates = columns > 0 ? rows.count / columns : 0
        guard candidates * columns == rows.count, rows.allSatisfy(\.isFinite), 0..<candidates ~= index else { return }
        chosen.append(starts[starts.count - 1] + index)
        starts.append(starts[starts.count - 1] + candidates)
        values.append(contentsOf: rows)
    }
}
