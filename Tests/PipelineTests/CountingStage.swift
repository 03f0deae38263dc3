import Configuration
import EventLog
import Pipeline
import Schemas
import StateStore
import Synchronization

/// The marks that a stage was told, by partition, for those who watch it from another thread.
final class MarkWatch: Sendable {
    private let marks = Mutex<[Int32: String]>([:])
    var now: [Int32: String] { marks.withLock { $0 } }
    func note(_ partition: Int32, _ mark: String) { marks.withLock { $0[partition] = mark } }
}

/// What a stage is to say of itself in its next batch, whether or not that holds a record.
final class Remark: Sendable {
    private let text = Mutex<String?>(nil)
    func set(_ new: String) { text.withLock { $0 = new } }
    func take() -> String? {
        text.withLock { text in
            defer { text = nil }
            return text
        }
    }
}

/// Counts words, and says each new count: `word:3` lets three timers run first, each of which counts the word "timer".
final class CountingStage: StreamStage {
    static let name = "count"
    static let inputTopic = TopicName.clicks
    static let families = [counts, timers]
    private static let counts = ColumnFamily("counts")
    private static let timers = ColumnFamily("timers")

    struct Input {
        var word: String
        var timers: Int
    }

    private let mark: String
    private let told: MarkWatch?
    private let remark: Remark?
    private var unmarked: Set<Int32> = []

    init(mark: String = "", told: MarkWatch? = nil, remark: Remark? = nil) {
        self.mark = mark
        self.told = told
        self.remark = remark
    }

    func mark(of partition: Int32) -> String { mark }

    func assigned(_ partition: Int32, mark: String, in batch: StageBatch) throws {
        told?.note(partition, mark)
        if mark != self.mark { unmarked.insert(partition) }
    }

    func decode(_ record: Record) throws(SchemaError) -> Input {
        let parts = text(record.value).split(separator: ":")
        guard let word = parts.first, word != "poison" else {
            throw SchemaError(.missing, field: "word", detail: "no word")
        }
        return Input(word: String(word), timers: parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    }

    func runTimers(before input: Input, of partition: Int32, limit: Int, in batch: StageBatch) throws -> TimerProgress {
        let key = [UInt8(partition)]
        let done = Int(try batch.changes.get(Self.timers, key)?.first ?? 0)
        let run = min(limit, input.timers - done)
        for _ in 0..<run { try count("timer", partition, in: batch) }
        try batch.changes.put(Self.timers, key, [UInt8(done + run)])
        return TimerProgress(run: run, isFinished: done + run == input.timers)
    }

    func process(_ input: Input, of partition: Int32, in batch: StageBatch) throws {
        try batch.changes.delete(Self.timers, [UInt8(partition)])
        try count(input.word, partition, in: batch)
    }

    private func count(_ word: String, _ partition: Int32, in batch: StageBatch) throws {
        let key = [UInt8(partition)] + bytes(word)
        let count = Int64(text(try batch.changes.get(Self.counts, key))) ?? 0
        try batch.changes.put(Self.counts, key, bytes("\(count + 1)"))
        batch.send(to: .activity, partition: partition, key: bytes(word), value: bytes("\(count + 1)"))
    }

    func finish(_ batch: StageBatch) throws {
        for partition in unmarked { batch.commitMark(of: partition) }
        unmarked.removeAll()
        if let remark = remark?.take() { batch.send(to: .activity, partition: 0, key: bytes(remark), value: []) }
    }

    func wipe(_ partition: Int32, in batch: StageBatch) throws {
        for family in Self.families { try batch.changes.wipe(family, prefix: [UInt8(partition)]) }
    }
}
