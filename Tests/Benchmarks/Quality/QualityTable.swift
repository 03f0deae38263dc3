import Evaluation
import Foundation

/// Rows of figures, each the mean over seeds with its spread.
struct QualityTable {
    let title: String
    /// One entry per seed; none where the row could not be made.
    private(set) var rows: [(name: String, figures: [RetrievalFigures])] = []

    init(title: String) { self.title = title }

    mutating func add(_ name: String, _ figures: [RetrievalFigures]?) { rows.append((name, figures ?? [])) }

    /// The mean over the seeds.
    func mean(_ name: String) -> RetrievalFigures? {
        rows.first { $0.name == name }.flatMap { Self.mean($0.figures) }
    }

    /// For people.
    var text: String {
        let head = title + "\n" + Self.line("", ["R@10", "R@100", "MRR"])
        return rows.reduce(head) { text, row in
            guard let mean = Self.mean(row.figures) else { return text + "\n" + row.name + "  (left out)" }
            let spread =
                row.figures.count > 1
                ? "   ± " + Self.spreads(row.figures).map(Self.decimal).joined(separator: " ") : ""
            return text + "\n" + Self.line(row.name, mean) + spread
        }
    }

    /// `{row: {"r10", "r100", "mrr", "r10_spread", ...}}`; null for a row that could not be made.
    var json: String {
        let parts = rows.map { row -> String in
            guard let mean = Self.mean(row.figures) else { return "\"\(row.name)\": null" }
            var fields = zip(["r10", "r100", "mrr"], Self.values(mean)).map { "\"\($0)\": \(Self.decimal($1))" }
            if row.figures.count > 1 {
                fields += zip(["r10", "r100", "mrr"], Self.spreads(row.figures)).map {
                    "\"\($0)_spread\": \(Self.decimal($1))"
                }
            }
            return "\"\(row.name)\": {\(fields.joined(separator: ", "))}"
        }
        return "{\(parts.joined(separator: ", "))}"
    }

    /// One aligned row.
    static func line(_ name: String, _ figures: RetrievalFigures) -> String { line(name, values(figures).map(decimal)) }

    static func decimal(_ value: Double) -> String { String(format: "%.4f", value) }

    private static func line(_ name: String, _ cells: [String]) -> String {
        name.padding(toLength: max(name.count, 28), withPad: " ", startingAt: 0)
            + cells.map { String(repeating: " ", count: max(1, 9 - $0.count)) + $0 }.joined()
    }

    private static func values(_ figures: RetrievalFigures) -> [Double] {
        [figures.recall10, figures.recall100, figures.reciprocalRank]
    }

    private static func mean(_ figures: [RetrievalFigures]) -> RetrievalFigures? {
        guard !figures.isEmpty else { return nil }
        let sums = figures.map(values).reduce([0, 0, 0]) { zip($0, $1).map { $0 + $1 } }
        let means = sums.map { $0 / Double(figures.count) }
        return RetrievalFigures(recall10: means[0], recall100: means[1], reciprocalRank: means[2])
    }

    /// Half the distance from the worst seed to the best.
    private static func spreads(_ figures: [RetrievalFigures]) -> [Double] {
        let all = figures.map(values)
        return (0..<3).map { place in
            let column = all.map { $0[place] }
            return ((column.max() ?? 0) - (column.min() ?? 0)) / 2
        }
    }
}
