import Tensors

/// The labels of some notes: the commonest, sorted by bytes, and which note carries which.
package struct LabelTable {
    package let labels: [String]
    /// Per note, its labels' positions, ascending, each once.
    package let rows: [[Int]]

    /// Bytes of a label; others are no names, and would fill the artefact.
    private static let lengths = 1...256

    package init(_ notes: [[String]], maximum: Int) {
        var counts: [String: Int] = [:]
        for label in notes.flatMap({ Set($0) }) where Self.lengths.contains(label.utf8.count) {
            counts[label, default: 0] += 1
        }
        labels = counts.sorted { left, right in
            left.value != right.value ? left.value > right.value : Self.precedes(left.key, right.key)
        }.prefix(maximum).map(\.key).sorted(by: Self.precedes)
        rows = Self.rows(notes, labels)
    }

    /// The table of `notes` over labels known beforehand, sorted by bytes; other labels are left out.
    init(_ notes: [[String]], labels: [String]) {
        self.init(labels: labels, rows: Self.rows(notes, labels))
    }

    private static func rows(_ notes: [[String]], _ labels: [String]) -> [[Int]] {
        let positions = Dictionary(uniqueKeysWithValues: zip(labels, labels.indices))
        return notes.map { Set($0.compactMap { positions[$0] }).sorted() }
    }

    /// Notes × labels: 1 where the note carries the label.
    package func targets() -> Matrix<Double> {
        var targets = Matrix<Double>(rows: rows.count, columns: labels.count)
        for (note, row) in rows.enumerated() { for label in row { targets[note, label] = 1 } }
        return targets
    }

    private init(labels: [String], rows: [[Int]]) {
        self.labels = labels
        self.rows = rows
    }

    /// The same labels for some of the notes.
    func picking(_ notes: [Int]) -> LabelTable { LabelTable(labels: labels, rows: notes.map { rows[$0] }) }

    /// The order of bytes, which no locale changes.
    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
