import Evaluation
import Support
import Testing

@Suite("A log cut for pairs")
struct PairSplitTests {
    private static func log() -> EngagementLog {
        let notes = (0..<6).map {
            LoggedNote(id: [UInt8($0)], title: "note \($0)", content: "", created: Int64($0) * 1_000)
        }
        func click(_ user: UInt8, _ note: UInt8, _ time: Int64) -> LoggedClick {
            LoggedClick(time: time, user: [user], note: [note])
        }
        return EngagementLog(
            notes: notes,
            clicks: [
                click(1, 0, 100), click(1, 1, 200), click(2, 0, 300), click(2, 1, 400), click(2, 9, 450),
                click(1, 2, 5_000), click(1, 3, 5_100), click(2, 0, 5_200), click(2, 3, 5_300),
            ])
    }

    @Test("Pairs before and after the cut are of different clicks")
    func cut() {
        let split = PairSplit(Self.log(), at: 5_000)
        #expect(split.known == 5)
        #expect(split.training.map { [$0.source, $0.target] } == [[0, 1]])
        #expect(Set(split.later.map { [$0.note, $0.target] }) == [[2, 3], [0, 3]])
        #expect(split.popularity() == [2, 2, 0, 0, 0, 0])
        let rows = split.cooccurrence()
        #expect(rows.count == 1 && rows[0]?.count == 1 && rows[0]?.first?.note == 1)
        // The cut of the hashtags: four of six notes are to learn from.
        #expect(PairSplit(Self.log()).start == 4_000)
    }
}
