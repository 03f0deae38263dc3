import EventLog
import Foundation
import Pipeline

/// What the demonstration's last line says.
struct DemoFigures {
    /// Live notes: keys of the topic notes without a tombstone.
    let notes: Int
    /// Click records read, repeats and late ones included.
    let clicks: Int64
    /// Live lists: keys of the topic note-recommendations without a tombstone.
    let lists: Int
    let deadLetters: Int64
    let seconds: Double
    let publishedNotes: Int
    /// From a note's publication to its first list, milliseconds, ascending; empty when every note had its list before.
    let latencies: [Int64]
    /// The process's largest resident set.
    let peakMegabytes: Int
    /// What training on the log came to; nil where there was none.
    var retraining: Demo.Retraining?

    init(
        context: Context, stages: Stages, watcher: OutputWatcher, published: [[UInt8]: Int64], seconds: Double
    ) throws {
        let reader = TopicReader(try context.client)
        notes = try reader.table(context.topics.places(of: .notes)).count
        lists = try reader.table(context.topics.places(of: .noteRecommendations)).count
        clicks = stages.session.now.records
        deadLetters = stages.all.reduce(0) { $0 + $1.now.deadLetters }
        self.seconds = seconds
        publishedNotes = published.count
        latencies = watcher.look { state in
            published.compactMap { note, at in state.firstListed[note].map { max(0, $0 - at) } }.sorted()
        }
        peakMegabytes = Self.peakResidentMegabytes()
    }

    /// One JSON object on one line.
    var json: String {
        let fields: [(String, String)] = [
            ("notes", "\(notes)"), ("clicks", "\(clicks)"), ("lists", "\(lists)"), ("dead_letters", "\(deadLetters)"),
            ("notes_per_s", rate(Double(publishedNotes))), ("clicks_per_s", rate(Double(clicks))),
            ("event_to_list_p50_ms", percentile(0.5)), ("event_to_list_p99_ms", percentile(0.99)),
            ("peak_mb", "\(peakMegabytes)"), ("retrain", retraining?.json ?? "null"),
        ]
        return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    private func rate(_ count: Double) -> String { String(format: "%.1f", count / max(seconds, 0.001)) }

    private func percentile(_ share: Double) -> String {
        guard !latencies.isEmpty else { return "null" }
        return "\(latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))])"
    }

    private static func peakResidentMegabytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
        return kilobytes / 1024
    }
}
