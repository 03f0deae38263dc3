import Foundation
import Synchronization

/// A place where a crash would hurt most. What is called there may throw, which ends the run as a crash would, or kill the
/// process outright: see ``CrashOrder``.
package enum CrashPoint: String, CaseIterable, Sendable {
    /// A batch's outputs are in an open transaction, its offsets are not.
    case beforeOffsets = "before-offsets"
    /// Outputs and offsets are in an open transaction.
    case beforeCommit = "before-commit"
    /// The transaction is committed, the store not yet written.
    case afterCommit = "after-commit"
    /// The store is written.
    case afterStore = "after-store"
    /// Partitions are being taken away.
    case inRevocation = "in-revocation"
    /// A batch is done that left timers before the record that made them due.
    case betweenTimers = "between-timers"
}

/// An order to die, for tests of what a power cut leaves behind: `STAGE:POINT:N` kills the process, as kill -9 would, when
/// the stage comes past the point for the N-th time; with `:stop` behind it the process stands still instead, as a machine
/// that is suspended, until it is sent SIGCONT. `notestream run` takes it from the environment's `NOTESTREAM_CRASH_AT`;
/// nothing else ever sets it.
public struct CrashOrder: Sendable {
    let stage: StageName
    let point: CrashPoint
    private let signal: Int32
    private let counter: Counter

    private final class Counter: Sendable {
        let left: Atomic<Int>
        init(_ count: Int) { left = Atomic(count) }
    }

    /// Reads `session:after-commit:3`.
    ///
    /// - Throws: `CrashOrderError` when the text names no stage or point, or no number above 0.
    public init(_ text: String) throws(CrashOrderError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 || parts.count == 4 && parts[3] == "stop", let stage = StageName(rawValue: parts[0]),
            let point = CrashPoint(rawValue: parts[1]), let count = Int(parts[2]), count > 0
        else { throw CrashOrderError(text: text) }
        self.stage = stage
        self.point = point
        signal = parts.count == 4 ? SIGSTOP : SIGKILL
        counter = Counter(count)
    }

    /// Takes note that a stage is at a point, and may not return.
    func pass(_ stage: String, _ point: CrashPoint) {
        guard stage == self.stage.rawValue, point == self.point else { return }
        if counter.left.subtract(1, ordering: .relaxed).newValue == 0 { kill(getpid(), signal) }
    }
}

/// An order that cannot be read.
public struct CrashOrderError: Error, CustomStringConvertible {
    let text: String

    /// What a right one looks like.
    public var description: String {
        let points = CrashPoint.allCases.map(\.rawValue).joined(separator: ", ")
        return
            "NOTESTREAM_CRASH_AT: '\(text)' is not STAGE:POINT:N or STAGE:POINT:N:stop, such as session:after-commit:3; "
            + "points: \(points)"
    }
}
