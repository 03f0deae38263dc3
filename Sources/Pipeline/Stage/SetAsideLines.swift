import Schemas

/// Which of the records that are set aside get a line in the log: a flood of them must not become a flood of lines.
///
/// The first few do, then one a second, which says how many were left out since, by reason.
package struct SetAsideLines {
    /// Lines in a row, where there were none for a while.
    private static let burst = 5
    private static let interval = Duration.seconds(1)

    private var lines = Self.burst
    private var refilled: ContinuousClock.Instant?
    private var leftOut: [SchemaError.Reason: Int] = [:]

    /// Nothing was set aside yet.
    package init() {}

    /// Takes note of a record set aside; what its line says of those left out before it, or nil where it gets no line.
    package mutating func admit(
        _ reason: SchemaError.Reason, at now: ContinuousClock.Instant = .now
    ) -> [SchemaError.Reason: Int]? {
        refill(now)
        guard lines > 0 else {
            leftOut[reason, default: 0] += 1
            return nil
        }
        lines -= 1
        return take()
    }

    /// What a line without a record has to say: of records that were left out when a flood ended.
    package mutating func overdue(at now: ContinuousClock.Instant = .now) -> [SchemaError.Reason: Int]? {
        guard !leftOut.isEmpty else { return nil }
        refill(now)
        guard lines > 0 else { return nil }
        lines -= 1
        return take()
    }

    /// All that was left out so far, for the last line of all; nil where nothing was.
    package mutating func rest() -> [SchemaError.Reason: Int]? { leftOut.isEmpty ? nil : take() }

    private mutating func take() -> [SchemaError.Reason: Int] {
        defer { leftOut = [:] }
        return leftOut
    }

    /// One line more for each interval that has passed.
    private mutating func refill(_ now: ContinuousClock.Instant) {
        guard let last = refilled else {
            refilled = now
            return
        }
        let passed = Int((now - last) / Self.interval)
        guard passed > 0 else { return }
        lines = min(Self.burst, lines + passed)
        refilled = lines == Self.burst ? now : last + Self.interval * passed
    }

    /// Counts as a line shows them: `syntax 1200, truncated 34`, the commonest first.
    package static func text(_ counts: [SchemaError.Reason: Int]) -> String {
        counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
    }
}
