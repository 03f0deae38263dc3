import Foundation

extension BeerQuality {
    /// Runs all of it, prints the tables, and gives the figures as a JSON object:
    /// `{"hashtags": {"tags_r5", "tags_hit5", "tags_knn_r5", "tags_knn_hit5", "rows": {row: {...}}},
    /// "next": {"hit10", "mrr", "rows": {...}}, "related": {"hit10", "hit100", "mrr"}, "items": {row: {"r10", "r100", "mrr"}}}`.
    ///
    /// - Parameter encoded: further encoders' rows of the item-to-item table: one vector per note of ``texts``.
    func report(encoded: [(row: String, vectors: [[Float]])] = []) throws -> String {
        let next = try next()
        print("\n" + Self.text("beer, what is touched next: \(log.clicks.count - log.half) later clicks", next))
        let items = try items(encoded: encoded)
        print("\n" + Self.text("beer, item to item: later pairs", items))
        let hashtags = try hashtags()
        print("\n" + Self.text("beer, hashtags of later notes", hashtags))
        print(Self.bars(hashtags, next))

        let nearest = Self.figures(Self.nearestRow, in: hashtags)
        let best = hashtags.last?.figures ?? []
        let tags =
            Self.fields(best) + Self.fields(nearest.map { ($0.name.replacing("tags_", with: "tags_knn_"), $0.value) })
        return "{\"hashtags\": {\((tags + ["\"rows\": \(Self.json(hashtags))"]).joined(separator: ", "))}, "
            + "\"next\": {\((Self.fields(Self.figures("next", in: next)) + ["\"rows\": \(Self.json(next))"]).joined(separator: ", "))}, "
            + "\"related\": {\(Self.fields(Self.figures("related", in: next)).joined(separator: ", "))}, "
            + "\"items\": \(Self.json(items))}"
    }

    static let nearestRow = "15 nearest by TF-IDF"

    private static func figures(_ row: String, in table: Table) -> [(name: String, value: Double)] {
        table.first { $0.row == row }?.figures ?? []
    }

    private static func bars(_ hashtags: Table, _ next: Table) -> String {
        let recall = hashtags.last?.figures.first?.value ?? 0
        let touched = Dictionary(uniqueKeysWithValues: figures("next", in: next).map { ($0.name, $0.value) })
        func line(_ name: String, _ value: Double, _ bar: Double) -> String {
            "  \(value >= bar ? "reached" : "MISSED ")  \(name) \(decimal(value)), wanted \(decimal(bar))"
        }
        return [
            "bars:", line("hashtags R@5", recall, 0.60), line("next Hit@10", touched["hit10"] ?? 0, 0.755),
            line("next MRR", touched["mrr"] ?? 0, 0.56),
        ].joined(separator: "\n")
    }

    /// An aligned table for people.
    private static func text(_ title: String, _ table: Table) -> String {
        let width = (table.map(\.row.count).max() ?? 0) + 2
        let names = table.first?.figures.map(\.name) ?? []
        func row(_ title: String, _ cells: [String]) -> String {
            title + String(repeating: " ", count: max(0, width - title.count))
                + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
        }
        return ([title, row("", names)] + table.map { row($0.row, $0.figures.map { decimal($0.value) }) })
            .joined(separator: "\n")
    }

    private static func json(_ table: Table) -> String {
        "{" + table.map { "\"\($0.row)\": {\(fields($0.figures).joined(separator: ", "))}" }.joined(separator: ", ")
            + "}"
    }

    private static func fields(_ figures: [(name: String, value: Double)]) -> [String] {
        figures.map { "\"\($0.name)\": \(decimal($0.value))" }
    }

    private static func decimal(_ value: Double) -> String { String(format: "%.4f", value) }
}
