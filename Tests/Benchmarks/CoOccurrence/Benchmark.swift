import CoOccurrence
import Foundation
import StateStore

/// Clicks through the session stage's windows and the recommend stage's pair rows, with RocksDB, in batches: how many
/// one CPU second carries, RocksDB's background threads included.
@main
struct Benchmark {
    static let clicks = 300_000
    static let users = 20_000
    static let notes = 5_000
    static let batchRecords = 1_000
    /// Ten days, so that with a window of seven a third of the log sees clicks leave.
    static let spanMilliseconds: Int64 = 10 * 86_400_000
    /// Clicks per second of Kafka Streams 4.4.0 with the same formula, sizes and settings (exactly_once_v2, two
    /// threads on two cores, the broker on the same two).
    static let kafkaStreams = 1_261.0

    static func main() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "notestream-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try Store(path: folder.path, families: ClickWindows.families + PairRows.families)
        let windows = ClickWindows(partition: 0, settings: .standard)
        let rows = PairRows(partition: 0, settings: .standard)
        let log = makeLog()

        var figures = Figures()
        var deltas = WindowDeltas()
        let batch = store.makeBatch()
        for first in stride(from: 0, to: log.count, by: batchRecords) {
            let start = cpuSeconds()
            for event in log[first..<min(first + batchRecords, log.count)] {
                var isFinished = false
                while !isFinished {
                    let slice = try windows.runTimers(due: event.time ?? 0, limit: 1_000, in: batch, into: &deltas)
                    figures.timers += slice.run
                    isFinished = slice.isFinished
                }
                _ = try windows.apply(event, in: batch, into: &deltas)
            }
            let applied = cpuSeconds()
            try batch.commit()
            let kept = cpuSeconds()
            try deltas.forEachPairs { source, bucket, targets in
                _ = try rows.advance(to: deltas.streamTime ?? 0, in: batch)
                _ = try rows.apply(source: source, bucket: bucket, targets: targets, in: batch)
                figures.records += 1
                figures.pairDeltas += targets.count
            }
            let merged = cpuSeconds()
            try batch.commit()
            deltas.removeAll()
            figures.add(
                apply: applied - start, keep: kept - applied, merge: merged - kept, store: cpuSeconds() - merged)
        }
        figures.report(clicks: log.count)
    }

    /// Users and notes by Zipf's law, seeded.
    private static func makeLog() -> [ClickEvent] {
        var random = Generator(state: 7)
        let user = Zipf(count: users)
        let note = Zipf(count: notes)
        return (0..<clicks).map { index in
            .click(
                user: Array("user-\(user.draw(&random))".utf8), note: Array("note-\(note.draw(&random))".utf8),
                time: 1_700_000_000_000 + Int64(index) * spanMilliseconds / Int64(clicks))
        }
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// CPU seconds by part, and what was done in them.
private struct Figures {
    var timers = 0
    var records = 0
    var pairDeltas = 0
    private var parts = [("apply clicks", 0.0), ("write windows", 0.0), ("merge pairs", 0.0), ("write pairs", 0.0)]

    mutating func add(apply: Double, keep: Double, merge: Double, store: Double) {
        for (index, seconds) in [apply, keep, merge, store].enumerated() { parts[index].1 += seconds }
    }

    func report(clicks: Int) {
        for (name, seconds) in parts { print("\(name): \(round(seconds * 1_000) / 1_000) CPU s") }
        let perSecond = round(Double(clicks) / parts.reduce(0) { $0 + $1.1 })
        let ratio = round(perSecond / Benchmark.kafkaStreams * 10) / 10
        print("\(timers) timers, \(records) records with \(pairDeltas) pair deltas")
        print(
            "{\"clicks\": \(clicks), \"clicks_per_cpu_s\": \(Int(perSecond)), \"ratio_to_kafka_streams\": \(ratio),"
                + " \"records_per_click\": \(round(Double(records) / Double(clicks) * 10) / 10)}")
    }
}

/// Draws ranks from 0 with probability proportional to 1 / (rank + 1).
private struct Zipf {
    private let cumulative: [Double]

    init(count: Int) {
        var sum = 0.0
        cumulative = (1...count).map { rank in
            sum += 1 / Double(rank)
            return sum
        }
    }

    func draw(_ random: inout Generator) -> Int {
        let point = Double.random(in: 0..<(cumulative.last ?? 1), using: &random)
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > point { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// SplitMix64.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
