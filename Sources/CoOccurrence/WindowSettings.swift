/// How long clicks count, and when a user's pairs are corrected. Equal in every stage that shares the topics: changed
/// settings need a replay.
public struct WindowSettings: Sendable, Equatable {
    /// Length of a bucket of event time, in milliseconds; a multiple of an hour, so that hours lie in one bucket.
    public let bucketMilliseconds: Int64
    /// Length of the window, in buckets, the present one included.
    public let windowBuckets: Int64
    /// Notes per user at most; the newest are kept.
    public let cap: Int
    /// A user without a click for this long, in milliseconds of event time, is settled.
    public let idleMilliseconds: Int64

    /// Seven buckets of a day, 64 notes, 30 minutes.
    public static let standard = WindowSettings(
        checkedBucket: 86_400_000, windowBuckets: 7, cap: 64, idleMilliseconds: 1_800_000)

    /// Settings in their valid ranges; throws naming the one that is not.
    public init(
        bucketMilliseconds: Int64 = 86_400_000, windowBuckets: Int64 = 7, cap: Int = 64,
        idleMilliseconds: Int64 = 1_800_000
    ) throws(WindowSettingsError) {
        let hour = Self.hourMilliseconds
        guard bucketMilliseconds >= hour, bucketMilliseconds.isMultiple(of: hour), bucketMilliseconds <= hour << 20
        else {
            throw WindowSettingsError(
                message: "a window's bucket of \(bucketMilliseconds) ms is not a whole number of hours from 1 up")
        }
        guard (1...10_000).contains(windowBuckets) else {
            throw WindowSettingsError(message: "a window of \(windowBuckets) buckets is not one of 1 to 10,000")
        }
        guard (2...4_096).contains(cap) else {
            throw WindowSettingsError(message: "a cap of \(cap) notes a user is not one of 2 to 4,096")
        }
        guard (1...bucketMilliseconds << 10).contains(idleMilliseconds) else {
            throw WindowSettingsError(message: "an idle time of \(idleMilliseconds) ms is not positive, or too long")
        }
        self.init(
            checkedBucket: bucketMilliseconds, windowBuckets: windowBuckets, cap: cap,
            idleMilliseconds: idleMilliseconds)
    }

    private init(checkedBucket: Int64, windowBuckets: Int64, cap: Int, idleMilliseconds: Int64) {
        bucketMilliseconds = checkedBucket
        self.windowBuckets = windowBuckets
        self.cap = cap
        self.idleMilliseconds = idleMilliseconds
    }

    /// The bucket of a time in milliseconds.
    public func bucket(of time: Int64) -> Int64 { time.dividedDown(by: bucketMilliseconds) }

    /// Whether a bucket is in the window, or ahead of it, at stream time `time`.
    public func isLive(bucket: Int64, at time: Int64) -> Bool { bucket > self.bucket(of: time) - windowBuckets }

    /// The time at which a bucket leaves the window.
    func expiry(ofBucket bucket: Int64) -> Int64 {
        let (time, overflow) = (bucket + windowBuckets).multipliedReportingOverflow(by: bucketMilliseconds)
        return overflow ? .max : time
    }

    package static let hourMilliseconds: Int64 = 3_600_000
}

/// A window's setting outside its range.
public struct WindowSettingsError: Error, Sendable, CustomStringConvertible {
    /// The setting, its value and its range.
    public let message: String
    /// One line for logs.
    public var description: String { message }
}

/// Scores are 64-bit fixed point, so that sums do not depend on their order.
public enum PairScore {
    /// The score 1: a pair of a user with N live notes adds `one / N`, rounded down (paper, section 3).
    public static let one: Int64 = 1 << 32
}

extension Int64 {
    /// Division that rounds down, times before 1970 included.
    @inline(__always)
    func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
