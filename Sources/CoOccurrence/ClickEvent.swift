/// One record of the clicks log. Times are event time, in milliseconds since 1970 UTC.
public enum ClickEvent: Sendable, Hashable {
    /// A user touched a note.
    case click(user: [UInt8], note: [UInt8], time: Int64)
    /// A user's clicks are to be forgotten, at the partition's present stream time.
    case forget(user: [UInt8])
    /// Only moves stream time.
    case tick(time: Int64)

    /// The event's time; nil for ``forget(user:)``.
    public var time: Int64? {
        switch self {
        case .click(_, _, let time), .tick(let time): time
        case .forget: nil
        }
    }
}

/// What an event did to the windows.
public enum ClickOutcome: Sendable, Hashable {
    /// The click is in its user's row.
    case counted
    /// The row holds the same note at the same time or later.
    case repeated
    /// The row is full of newer clicks.
    case overCap
    /// The click's bucket has left the window.
    case late
    /// The event only moved stream time.
    case ticked
    /// The user's row, if any, is gone.
    case forgotten
}
