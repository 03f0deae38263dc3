import Configuration
import CoOccurrence
import EventLog
import Foundation
import Pipeline
import Ranking
import Schemas
import Support
import Testing

@Suite("Small parts")
struct SmallPartsTests {
    @Test("trending per category is the selection over all entries, whatever came and went", arguments: 1...10)
    func trending(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var board = TrendingBoard()
        var model: [UInt32: TrendingEntry] = [:]
        let categories = ["", "beer", "wine"]
        for _ in 0..<200 {
            let label = UInt32.random(in: 0..<20, using: &random)
            let activity = NoteActivity(
                clicks: .random(in: 0..<5, using: &random), recentClicks: .random(in: 0..<3, using: &random),
                lastHour: Bool.random(using: &random) ? .random(in: 0..<100, using: &random) : nil)
            for category in board.changed { board.clearChanged(category) }
            let before = model
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                let note = NoteTable.Note(
                    id: bytes("n\(label)"), contentHash: "", created: .random(in: 0..<hour * 100, using: &random),
                    category: categories.randomElement(using: &random) ?? "", hashtags: [])
                board.insert(note: label, note, activity: activity)
                model[label] = TrendingEntry(
                    note: note.id, category: bytes(note.category), state: NoteState(created: note.created, activity))
            case 1:
                board.update(note: label, activity: activity)
                if let entry = model[label] {
                    model[label]?.state = NoteState(created: entry.state.created, activity)
                }
            default:
                board.remove(note: label)
                model[label] = nil
            }
            for category in categories {
                let expected = TrendingSelection.select(model.values, category: bytes(category), size: 3)
                #expect(board.select(bytes(category), size: 3) == expected)
                let old = TrendingSelection.select(before.values, category: bytes(category), size: 3)
                if expected != old { #expect(board.changed.contains(bytes(category))) }
            }
            #expect(
                board.select(TrendingBoard.everything, size: 3) == TrendingSelection.select(model.values, size: 3))
        }
        for category in board.changed { board.clearChanged(category) }
        board.markAll()
        #expect(board.changed == Set(model.values.map(\.category) + (model.isEmpty ? [] : [TrendingBoard.everything])))
    }

    @Test("recent clicks are counted again once an hour, only where there are some")
    func ageing() {
        var board = TrendingBoard()
        for label in 0..<UInt32(4) {
            let note = NoteTable.Note(id: [UInt8(label)], contentHash: "", created: 0, category: "", hashtags: [])
            let recent = Int64(label % 2)
            board.insert(note: label, note, activity: NoteActivity(clicks: 2, recentClicks: recent, lastHour: 1))
        }
        #expect(Set(board.labelsToCount(at: newYear)) == [1, 3])
        #expect(board.labelsToCount(at: newYear + hour - 1).isEmpty)
        board.update(note: 3, activity: NoteActivity(clicks: 2, recentClicks: 0, lastHour: 1))
        #expect(board.labelsToCount(at: newYear + hour) == [1])
    }

    @Test("a flood of one message is cut to 20 lines in 10 seconds, the rest counted; others pass")
    func limiter() {
        let limiter = LogLimiter()
        let start = ContinuousClock.now
        for _ in 0..<20 { #expect(limiter.admit("a", at: start) == .pass(leftOut: 0)) }
        for _ in 0..<7 { #expect(limiter.admit("a", at: start + .seconds(9)) == .drop) }
        #expect(limiter.admit("b", at: start + .seconds(9)) == .pass(leftOut: 0))
        #expect(limiter.admit("a", at: start + .seconds(11)) == .pass(leftOut: 7))
        #expect(limiter.admit("a", at: start + .seconds(11)) == .pass(leftOut: 0))
        for number in 0..<5_000 { _ = limiter.admit("message \(number)", at: start) }
    }

    @Test("an instance keeps its name, unless one is given")
    func instance() throws {
        let folder = try TemporaryFolder()
        var state = try Settings.load(environment: [:]).state
        state.directory = folder.path + "/deep/state"
        state.instance = ""
        let made = try InstanceName.take(state)
        #expect(made.hasPrefix("instance-"))
        #expect(try InstanceName.take(state) == made)
        state.instance = "mine"
        #expect(try InstanceName.take(state) == "mine")
        state.instance = ""
        #expect(try InstanceName.take(state) == made)
    }

    @Test("a dead letter keeps the record, and leaves behind what does not fit")
    func deadLetters() {
        func letter(_ value: Int, _ header: Int, limit: Int = 100_000) -> (
            size: Int, letter: (key: [UInt8]?, value: [UInt8]?, headers: [Header])
        ) {
            let record = Record(
                topicPartition: TopicPartition("t", 3), offset: 5, timestamp: 7, key: bytes("k"),
                value: [UInt8](repeating: 1, count: value),
                headers: [Header("own", [UInt8](repeating: 2, count: header))])
            let made = DeadLetter.record(
                record, SchemaError(.missing, field: "f"), stage: "s", limit: limit)
            let size = made.headers.reduce((made.value?.count ?? 0) + 1) {
                $0 + $1.name.utf8.count + ($1.value?.count ?? 0)
            }
            return (size, made)
        }
        let whole = letter(1_000, 10).letter
        #expect(whole.key == bytes("k"))
        #expect(whole.value?.count == 1_000)
        #expect(whole.headers.first?.name == "own")
        let back = DeadLetter(headers: whole.headers.map { (name: $0.name, value: $0.value ?? []) })
        #expect(back?.stage == "s")
        #expect(back?.topic == "t")
        #expect(back?.partition == 3)
        #expect(back?.offset == 5)
        let cut = letter(100_000, 10)
        #expect(cut.letter.value == nil)
        #expect(cut.letter.headers.contains(Header(DeadLetter.leftOutHeader, "100000")))
        #expect(cut.letter.headers.first?.name == "own")
        let bare = letter(1_000, 100_000)
        #expect(bare.letter.headers.allSatisfy { $0.name.hasPrefix("dead-letter-") })
        for size in stride(from: 95_000, through: 101_000, by: 100) { #expect(letter(size, 10).size < 100_000) }
    }
}
