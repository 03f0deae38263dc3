import CoOccurrence
import Evaluation
import Foundation
import Schemas
import Support

/// A log of the past in files, and what the oracle makes of it.
struct SampleLog {
    let notes: [LoggedNote]
    let clicks: [LoggedClick]
    let notesPath: String
    let clicksPath: String
    /// Where the files lie, if only for as long as somebody needs them.
    private let owner: TemporaryFolder?

    /// Reads `notes.jsonl` and `clicks.tsv` or `events.tsv`.
    init(_ folder: String, in owner: TemporaryFolder? = nil) throws {
        self.owner = owner
        notesPath = folder + "/notes.jsonl"
        let clicks = folder + "/clicks.tsv"
        clicksPath = FileManager.default.fileExists(atPath: clicks) ? clicks : folder + "/events.tsv"
        notes = try LogFiles.notes(at: notesPath)
        self.clicks = try LogFiles.clicks(at: clicksPath)
    }

    /// A log that the program made up.
    static func simulated(
        into folder: TemporaryFolder, notes: Int = 60, clicks: Int = 600, days: Int = 10, seed: UInt64 = 1
    ) throws -> SampleLog {
        let path = folder.path + "/sample"
        let finished = try Binary.run([
            "simulate", "--notes", "\(notes)", "--clicks", "\(clicks)", "--users", "40", "--days", "\(days)",
            "--seed", "\(seed)", "--into", path,
        ])
        guard finished.exit == 0 else { throw IntegrationError("simulate: \(finished)") }
        return try SampleLog(path, in: folder)
    }

    var ids: Set<[UInt8]> { Set(notes.map(\.id)) }

    /// A time at which every user of the log has been idle for long enough; the tick's text form beside it.
    var tick: (time: Int64, text: String) {
        let time = (clicks.map(\.time).max() ?? 0) + 2 * 3_600_000
        return (time, Timestamp(milliseconds: time).description)
    }

    /// The clicks in the order in which they are published, then the tick.
    var events: [ClickEvent] {
        let ordered = clicks.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        return ordered.map { .click(user: $0.element.user, note: $0.element.note, time: $0.element.time) }
            + [.tick(time: tick.time)]
    }

    /// Cuts the log at shares of its events by time; each part is written to a folder of its own.
    func cut(at shares: [Double], into folder: TemporaryFolder) throws -> [SampleLog] {
        var times = (notes.map(\.created) + clicks.map(\.time)).sorted()
        times.append(.max)
        return try cut(at: shares.map { times[Int($0 * Double(times.count - 1))] }, into: folder)
    }

    /// Cuts the log at some times; each part, from one time to just before the next, is written to a folder of its own.
    func cut(at times: [Int64], into folder: TemporaryFolder) throws -> [SampleLog] {
        let bounds = [Int64.min] + times + [.max]
        return try zip(bounds, bounds.dropFirst()).enumerated().map { index, bound in
            let path = folder.path + "/part-\(index)"
            func isInside(_ time: Int64) -> Bool { bound.0 <= time && (time < bound.1 || bound.1 == .max) }
            try LogFiles.write(notes.filter { isInside($0.created) }, to: path + "/notes.jsonl")
            try LogFiles.write(clicks.filter { isInside($0.time) }, to: path + "/clicks.tsv")
            return try SampleLog(path, in: folder)
        }
    }
}
