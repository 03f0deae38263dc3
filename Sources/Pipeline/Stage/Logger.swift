import Foundation
import Synchronization

/// JSON lines on standard error, shaped like swift-log's `Logger`: a label, a level, a message and metadata.
public struct Logger: Sendable {
    /// How much a line matters.
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, notice, warning, error
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
        /// By how much a line matters.
        public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
    }

    /// Where the line comes from, such as `pipeline.session`.
    public let label: String
    /// Lines below it are dropped.
    public let level: Level
    private let limiter: LogLimiter

    /// A logger for one part of the program.
    public init(label: String, level: Level = .info) {
        self.label = label
        self.level = level
        limiter = LogLimiter()
    }

    /// Writes one line; of each stage at most 20 of one message in 10 seconds, then a count of what was left out. Whoever
    /// asks for level debug gets all of it.
    public func log(_ level: Level, _ message: String, _ metadata: [String: String] = [:]) {
        guard level >= self.level else { return }
        var metadata = metadata
        let verdict =
            level == .debug
            ? LogLimiter.Verdict.pass(leftOut: 0)
            : limiter.admit(metadata["stage"].map { $0 + ": " + message } ?? message)
        switch verdict {
        case .drop: return
        case .pass(let left) where left > 0: metadata["left_out"] = String(left)
        case .pass: break
        }
        var line: [String: String] = ["level": level.rawValue, "label": label, "message": message]
        line["time"] = Date().formatted(.iso8601.dateTimeSeparator(.standard).time(includingFractionalSeconds: true))
        line.merge(metadata) { own, _ in own }
        guard
            let data = try? JSONSerialization.data(
                withJSONObject: line, options: [.sortedKeys, .withoutEscapingSlashes])
        else { return }
        FileHandle.standardError.write(data + [0x0A])
    }

    /// Writes a line of level debug; what it would say is not even put together where nobody asks for it.
    public func debug(_ message: String, _ metadata: @autoclosure () -> [String: String] = [:]) {
        if level == .debug { log(.debug, message, metadata()) }
    }
    /// Writes a line of level info.
    public func info(_ message: String, _ metadata: [String: String] = [:]) { log(.info, message, metadata) }
    /// Writes a line of level notice.
    public func notice(_ message: String, _ metadata: [String: String] = [:]) { log(.notice, message, metadata) }
    /// Writes a line of level warning.
    public func warning(_ message: String, _ metadata: [String: String] = [:]) { log(.warning, message, metadata) }
    /// Writes a line of level error.
    public func error(_ message: String, _ metadata: [String: String] = [:]) { log(.error, message, metadata) }
}

/// Keeps a flood of one message from drowning the log.
package final class LogLimiter: Sendable {
    /// What becomes of a line.
    package enum Verdict: Equatable { case pass(leftOut: Int), drop }

    private struct Window {
        var start: ContinuousClock.Instant
        var written = 0
        var dropped = 0
    }

    private static let limit = 20
    private static let period = Duration.seconds(10)
    private let windows = Mutex<[String: Window]>([:])

    /// A limiter that has seen nothing.
    package init() {}

    /// Whether a line with this message is written, and how many were left out before it.
    package func admit(_ message: String, at now: ContinuousClock.Instant = .now) -> Verdict {
        windows.withLock { windows in
            var window = windows[message] ?? Window(start: now)
            var leftOut = 0
            if now - window.start > Self.period {
                leftOut = window.dropped
                window = Window(start: now)
            }
            window.written += 1
            let passes = window.written <= Self.limit
            if !passes { window.dropped += 1 }
            if windows.count > 1_000 { windows.removeAll() }
            windows[message] = window
            return passes ? .pass(leftOut: leftOut) : .drop
        }
    }
}
