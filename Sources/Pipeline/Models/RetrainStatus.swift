import Synchronization

/// What others may see of a retrainer.
public final class RetrainStatus: Sendable {
    /// How a training ended.
    public enum Outcome: String, CaseIterable, Sendable {
        /// Its version is to serve.
        case promoted
        /// Its version was no better.
        case refused
        /// There is no version: too little to learn from, a broker that was away, a file that is not there.
        case failed
    }

    /// The figures, at one moment.
    public struct Snapshot: Sendable {
        /// Whether one is under way.
        public var isRunning = false
        /// How many ended in which way.
        public var runs: [Outcome: Int] = [:]
        /// When the last version was promoted, in seconds since 1970; nil where none was by this process.
        public var lastPromotion: Double?
    }

    private let state = Mutex(Snapshot())

    /// Nothing yet.
    public init() {}

    /// The figures now.
    public var now: Snapshot { state.withLock { $0 } }

    /// A training begins.
    package func begin() { state.withLock { $0.isRunning = true } }

    /// It is over; nil where it was broken off.
    package func end(_ outcome: Outcome?, at seconds: Double) {
        state.withLock { state in
            state.isRunning = false
            guard let outcome else { return }
            state.runs[outcome, default: 0] += 1
            if outcome == .promoted { state.lastPromotion = seconds }
        }
    }
}
