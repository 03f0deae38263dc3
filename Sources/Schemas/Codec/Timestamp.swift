/// google.protobuf.Timestamp: a moment of the years 1 to 9999, UTC, without leap seconds.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, negative before.
    public private(set) var seconds: Int64
    /// Nanoseconds after `seconds`, from 0 to 999,999,999.
    public private(set) var nanoseconds: Int32

    static let earliestSecond: Int64 = -62_135_596_800  // 0001-01-01T00:00:00Z
    static let latestSecond: Int64 = 253_402_300_799  // 9999-12-31T23:59:59Z

    /// nil where the moment lies outside of the years 1 to 9999 or the nanoseconds are not below one second.
    public init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard (Self.earliestSecond...Self.latestSecond).contains(seconds), (0...999_999_999).contains(nanoseconds)
        else {
            return nil
        }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// A moment in milliseconds since 1970, clamped to the years 1 to 9999.
    public init(milliseconds: Int64) {
        let (seconds, rest) = milliseconds.flooredQuotientAndRemainder(by: 1000)
        if seconds < Self.earliestSecond {
            self.init(unchecked: Self.earliestSecond, 0)
        } else if seconds > Self.latestSecond {
            self.init(unchecked: Self.latestSecond, 999_000_000)
        } else {
            self.init(unchecked: seconds, Int32(rest) * 1_000_000)
        }
    }

    init(unchecked seconds: Int64, _ nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Whole milliseconds since 1970, rounded down: event time as the stages count it.
    public var milliseconds: Int64 { seconds * 1000 + Int64(nanoseconds / 1_000_000) }

    /// Whether `left` is earlier.
    public static func < (left: Self, right: Self) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

extension Timestamp: LosslessStringConvertible {
    /// RFC 3339 in UTC with 0, 3, 6 or 9 digits after the second, as proto3's JSON mapping writes it.
    public var description: String {
        String(unsafeUninitializedCapacity: RFC3339.longest) { RFC3339.write(self, to: $0) }
    }

    /// Reads RFC 3339 with a zone; nil where it is anything else.
    public init?(_ description: String) {
        var text = description
        guard let parsed = text.withUTF8({ RFC3339.parse(CheckedBytes($0)) }) else { return nil }
        self = parsed
    }
}

extension Int64 {
    /// Division that rounds down, so that the remainder is never negative.
    func flooredQuotientAndRemainder(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
