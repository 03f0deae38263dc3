import Pipeline
import Support
import Testing

@Suite("Recovery")
struct RecoveryPlanTests {
    typealias Situation = RecoveryPlan.Situation

    struct Case: CustomTestStringConvertible, Sendable {
        var stored: Position?
        var committed: Position?
        var low: Int64 = 0
        var high: Int64 = 100
        var expected: Situation
        var wipes = false
        var start: Position
        var silentUntil: Position?

        var testDescription: String {
            "\(expected): store \(stored as Any), group \(committed as Any), \(low)...\(high)"
        }
    }

    static func at(_ offset: Int64, _ timers: Int64 = 0) -> Position { Position(offset: offset, timers: timers) }

    @Test(
        "every situation",
        arguments: [
            Case(expected: .fresh, start: at(0)),
            Case(low: 7, expected: .fresh, start: at(7)),
            Case(stored: at(50), committed: at(50), expected: .equal, start: at(50)),
            Case(stored: at(50, 3), committed: at(50, 3), expected: .equal, start: at(50, 3)),
            Case(stored: at(100), committed: at(100), expected: .equal, start: at(100)),
            Case(stored: at(20), committed: at(50), expected: .behind, start: at(20), silentUntil: at(50)),
            Case(stored: at(50), committed: at(50, 3), expected: .behind, start: at(50), silentUntil: at(50, 3)),
            Case(stored: at(50, 1), committed: at(50, 3), expected: .behind, start: at(50, 1), silentUntil: at(50, 3)),
            Case(committed: at(50), expected: .missing, start: at(0), silentUntil: at(50)),
            Case(committed: at(50, 2), low: 10, expected: .missing, start: at(10), silentUntil: at(50, 2)),
            // Retention has cut the log beyond the committed position: nothing of it is left to be silent about.
            Case(committed: at(50), low: 60, expected: .missing, start: at(60), silentUntil: at(60)),
            Case(stored: at(50), committed: at(50), low: 60, expected: .stale, wipes: true, start: at(60)),
            Case(
                stored: at(20), committed: at(50), low: 30, expected: .stale, wipes: true, start: at(30),
                silentUntil: at(50)),
            Case(
                stored: at(60), committed: at(50), expected: .otherLog, wipes: true, start: at(0), silentUntil: at(50)),
            Case(stored: at(150), committed: at(150), expected: .otherLog, wipes: true, start: at(0)),
            Case(committed: at(150), expected: .otherLog, start: at(0)),
            // The record whose timers were counted is gone.
            Case(committed: at(100, 1), expected: .otherLog, start: at(0)),
            Case(stored: at(50, 2), expected: .forgotten, start: at(50, 2)),
            Case(stored: at(150), expected: .otherLog, wipes: true, start: at(0)),
            Case(stored: at(5), low: 10, expected: .otherLog, wipes: true, start: at(10)),
        ])
    func situations(_ test: Case) {
        let plan = RecoveryPlan.make(
            stored: test.stored, committed: test.committed, log: test.low...test.high)
        #expect(plan.situation == test.expected)
        #expect(plan.wipes == test.wipes)
        #expect(plan.start == test.start)
        #expect(plan.silentUntil == test.silentUntil ?? test.start)
    }

    /// A log of records, each a number; a stage that adds them up and says every sum. Crashes and losses at random.
    @Test("nothing is said twice, nothing left out, and the state is the log's", arguments: 1...300)
    func property(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let log = (0..<30).map { _ in Int.random(in: 1...9, using: &random) }
        var said: [Int] = []
        var committed: Position?
        var store: (position: Position, sum: Int)?
        while committed?.offset ?? 0 < log.count {
            let plan = RecoveryPlan.make(
                stored: store?.position, committed: committed, log: 0...Int64(log.count))
            if plan.wipes { store = nil }
            var position = plan.start
            var sum = store?.sum ?? 0
            // A few batches, then a crash somewhere in a commit.
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                var out: [Int] = []
                for _ in 0..<Int.random(in: 1...5, using: &random) where position.offset < log.count {
                    sum += log[Int(position.offset)]
                    if position >= plan.silentUntil { out.append(sum) }
                    position.offset += 1
                }
                let crash = Int.random(in: 0..<8, using: &random)
                if crash == 0 { break }
                if position > plan.silentUntil {
                    said += out
                    committed = position
                }
                if crash == 1 { break }
                store = (position, sum)
            }
            if Int.random(in: 0..<6, using: &random) == 0 { store = nil }
        }
        #expect(said == log.indices.map { log[0...$0].reduce(0, +) })
    }

    @Test("a committed position survives its metadata; other people's counts as none")
    func metadata() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let position = CommittedPosition(
                Position(
                    offset: .random(in: 0...(.max), using: &random),
                    timers: [0, 1, 9_999].randomElement(using: &random) ?? 0),
                mark: ["", "1f00", "a=b"].randomElement(using: &random) ?? "")
            #expect(CommittedPosition(offset: position.position.offset, metadata: position.metadata) == position)
        }
        #expect(CommittedPosition(Position(offset: 3)).metadata.isEmpty)
        for foreign in ["hello", "timers=", "timers=x", "timers=-4", "=;=", ";;", "{\"timers\":3}", "mark"] {
            #expect(CommittedPosition(offset: 3, metadata: foreign) == CommittedPosition(Position(offset: 3)))
        }
    }
}
