/// The span of the clicks cut into three stretches that do not touch: to learn from, to choose settings on, and for the
/// gate. What is judged lies after what was learned.
public struct TimeSlices: Sendable, Equatable, Codable {
    /// The first moment of the choosing slice, milliseconds since 1970; what is earlier is for learning.
    public let choose: Int64
    /// The first moment of the gate's slice.
    public let gate: Int64

    /// Shares of the clicks that lie before each cut.
    static let shares = (choose: 0.7, gate: 0.85)
    /// Fewer clicks than this cannot be cut in three.
    static let minimumClicks = 100

    /// Cuts by the number of clicks, not by the clock: a busy week weighs more than a quiet one.
    ///
    /// - Parameter times: the clicks' times in order.
    /// - Returns: nil when there are too few clicks, or all at one time.
    public init?(times: [Int64]) {
        guard times.count >= Self.minimumClicks else { return nil }
        choose = times[Int(Double(times.count) * Self.shares.choose)]
        gate = times[Int(Double(times.count) * Self.shares.gate)]
        guard times[0] < choose, choose < gate else { return nil }
    }

    /// What is learned from while settings are chosen.
    public var trainRange: Range<Int64> { .min..<choose }
    /// What settings are chosen on.
    public var chooseRange: Range<Int64> { choose..<gate }
    /// What the chosen settings learn from.
    public var refitRange: Range<Int64> { .min..<gate }
    /// What the gate judges.
    public var gateRange: Range<Int64> { gate..<(.max) }
}
