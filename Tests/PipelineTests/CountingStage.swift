import Configuration
import EventLog
import Pipeline
import Schemas
import StateStore

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

    let mark: String

    init(mark: String = "") { self.mark = mark }

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

    func finish(_ batch: StageBatch) throws {}

    func wipe(_ partition: Int32, in batch: StageBatch) throws {
        for family in Self.families { try batch.changes.wipe(family, prefix: [UInt8(partition)]) }
    }
}
