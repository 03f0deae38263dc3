/// What changes about a note with time: its age and its activity, as kept per hour by the click windows.
public struct NoteState: Sendable, Equatable {
    /// The span of ``recentClicks``: this many hours up to the present one.
    public static let recentHours: Int64 = 24

    /// When the note was made, in milliseconds since 1970 UTC.
    public var created: Int64
    /// The start of the newest hour with a click, in milliseconds since 1970 UTC; nil when the window holds none.
    public var lastActive: Int64?
    /// Clicks in the window.
    public var clicks: Int64
    /// Clicks in the last ``recentHours`` hours.
    public var recentClicks: Int64

    /// A state from its parts; without the last three a note nobody has clicked.
    public init(created: Int64, lastActive: Int64? = nil, clicks: Int64 = 0, recentClicks: Int64 = 0) {
        self.created = created
        self.lastActive = lastActive
        self.clicks = clicks
        self.recentClicks = recentClicks
    }

    /// When something last happened to the note: it was made, or clicked (to the hour).
    public var touched: Int64 { max(created, lastActive ?? created) }
}
