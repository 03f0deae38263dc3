import Foundation

/// A bar on standard error for long work; silent when that is not a terminal.
final class ProgressBar {
    private let title: String
    private let total: Int
    private let isTerminal: Bool
    private let start = ContinuousClock.now
    private var drawn = ContinuousClock.now - .seconds(1)

    /// - Parameter total: how many steps make the whole; 0 when that is not known.
    init(_ title: String, total: Int) {
        self.title = title
        self.total = total
        isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
    }

    /// Shows that `done` steps are behind; draws at most ten times a second.
    func show(_ done: Int, note: String = "") {
        guard isTerminal else { return }
        let now = ContinuousClock.now
        guard now - drawn > .milliseconds(100) || done == total else { return }
        drawn = now
        let seconds = max(0.001, (now - start) / .seconds(1))
        let rate = Double(done) / seconds
        var line = "\r\u{1B}[K\(title) "
        if total > 0 {
            let width = 30
            let filled = min(width, done * width / total)
            line += "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled) + "] "
            line += "\(done)/\(total)"
            if rate > 0, done < total { line += ", \(Int(Double(total - done) / rate) + 1) s left" }
        } else {
            line += "\(done)"
        }
        line += ", \(rate < 10 ? String(format: "%.1f", rate) : String(Int(rate)))/s"
        if !note.isEmpty { line += "  \(note)" }
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// Ends the line.
    func finish() {
        guard isTerminal else { return }
        FileHandle.standardError.write(Data("\n".utf8))
    }
}
