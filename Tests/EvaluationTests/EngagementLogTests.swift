import Evaluation
import Support
import Testing

@Suite("Tests drawn from a log")
struct EngagementLogTests {
    private func randomLog(_ seed: UInt64) -> EngagementLog {
        var generator = SeededGenerator(seed: seed)
        let notes = (0..<8).map { index in
            LoggedNote(
                id: Array("n\(index)".utf8), title: "", content: "",
                created: Int64.random(in: 0...60, using: &generator))
        }
        var time: Int64 = 0
        let clicks = (0..<120).map { _ in
            time += Int64.random(in: 0...2, using: &generator)
            return LoggedClick(
                time: time, user: Array("u\(Int.random(in: 0...4, using: &generator))".utf8),
                note: Array("n\(Int.random(in: 0...9, using: &generator))".utf8))
        }
        return EngagementLog(notes: notes, clicks: clicks)
    }

    @Test("Every first engagement after another one, with a note that was there, and no other")
    func oracle() {
        for seed in 0..<60 {
            let log = randomLog(UInt64(seed))
            let created = Dictionary(uniqueKeysWithValues: log.notes.map { ($0.id, $0.created) })
            var expected: [[Int]] = []
            for (line, click) in log.clicks.enumerated() {
                guard let birth = created[click.note], birth < click.time else { continue }
                let before = log.clicks[..<line].filter { $0.user == click.user && created[$0.note] != nil }
                guard let latest = before.last, !before.contains(where: { $0.note == click.note }) else { continue }
                let number = { (id: [UInt8]) in log.notes.firstIndex { $0.id == id } ?? -1 }
                expected.append([line, number(latest.note), number(click.note)])
            }
            #expect(log.tests.map { [$0.line, $0.note, $0.target] } == expected)
        }
    }

    @Test("Notes are numbered by creation, and a later note of the same id replaces the earlier one")
    func numbering() {
        let notes = [("b", 5), ("a", 5), ("c", 1), ("b", 9)].map {
            LoggedNote(id: Array($0.0.utf8), title: "\($0.1)", content: "", created: Int64($0.1))
        }
        let log = EngagementLog(notes: notes, clicks: [])
        #expect(log.notes.map { String(decoding: $0.id, as: UTF8.self) } == ["c", "a", "b"])
        #expect(log.notes.last?.title == "9")
        #expect([0, 1, 2, 5, 6, 10].map { log.notesCreated(before: $0) } == [0, 0, 1, 1, 2, 3])
    }

    @Test("Mid-ranks count the higher ones and half of the equal ones; the best are the highest, lower numbers first")
    func ranks() {
        for seed in 0..<100 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let scores = (0..<20).map { _ in Int.random(in: 0...6, using: &generator) }
            let target = Int.random(in: 0..<20, using: &generator)
            let excluded = (target + 1) % 20
            let others = scores.indices.filter { $0 != target && $0 != excluded }
            let higher = others.count { scores[$0] > scores[target] }
            let equal = others.count { scores[$0] == scores[target] }
            #expect(
                Ranks.midRank(of: target, in: scores, excluding: excluded) == 1 + Double(higher) + Double(equal) / 2)
            let sorted = scores.indices.filter { $0 != excluded }
                .sorted { (-scores[$0], $0) < (-scores[$1], $1) }
            #expect(Ranks.best(7, in: scores, excluding: excluded) == Array(sorted.prefix(7)))
        }
        #expect(Ranks.best(3, in: [Int](), excluding: 0).isEmpty)
    }
}
