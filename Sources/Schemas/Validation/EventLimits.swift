/// What an event may hold at most. A record beyond is a dead letter: one sender's mistake must not cost everyone.
public enum EventLimits {
    /// A record's value: room for two texts, 64 hashtags and fields yet unknown.
    public static let valueBytes = 1 << 20
    /// An id, of a note or a user.
    public static let idBytes = 512
    /// A title or a body.
    public static let textBytes = 64 << 10
    /// A category, an author, one hashtag.
    public static let nameBytes = 512
    /// The hashtags of one note.
    public static let hashtags = 64
    /// A click's kind.
    public static let kindBytes = 64
    /// 2000-01-01T00:00:00Z; anything before is taken for a unit or clock error.
    public static let earliestTime: Int64 = 946_684_800_000
    /// 9999-12-31T23:59:59.999Z: the end of what RFC 3339 can write.
    public static let latestTime: Int64 = 253_402_300_799_999
    /// How far event time may lie ahead of the record's timestamp, in milliseconds: one wrong clock must not expire
    /// everyone's window.
    public static let leadMilliseconds: Int64 = 3_600_000
    /// Clicks that one record of activity may add or take back: far more than a batch can hold.
    public static let activityClicks: UInt64 = 1 << 40
}
