/// The moment at which `next` is asked: the time, and which notes are the newest and were touched last.
///
/// A note's *place* among the newest (how many are newer) and among the notes touched last (how many were touched
/// later) says what its age in hours cannot: whether it is what people see first. On a quiet site a day-old note leads;
/// on a busy one it is buried; the places mean the same on both. They are counted within a trending record, which
/// carries enough notes of both kinds to be exact up to ``depth``; every note beyond stands at ``depth``.
public struct NextContext: Sendable {
    /// Places are told apart up to this one. A trending record should carry at least as many notes of each kind.
    public static let depth = 50

    /// Event time, in milliseconds since 1970 UTC.
    public let now: Int64
    /// Creation times of the trending notes, newest first.
    private let newest: [Int64]
    /// Times at which they were touched, latest first.
    private let touched: [Int64]

    /// The context of one question.
    ///
    /// - Parameters:
    ///   - trending: the record for all notes (``TrendingSelection``), in any order.
    ///   - note: the note that is looked at, which is no candidate.
    ///   - now: event time, in milliseconds since 1970 UTC.
    public init(trending: [TrendingEntry], excluding note: [UInt8]? = nil, now: Int64) {
        self.now = now
        let others = trending.filter { $0.note != note }
        newest = others.map(\.state.created).sorted(by: >)
        touched = others.map(\.state.touched).sorted(by: >)
    }

    /// How many notes are newer, 0...``depth``.
    func placeAmongNewest(_ created: Int64) -> Double { Self.place(of: created, in: newest) }

    /// How many notes were touched later, 0...``depth``.
    func placeAmongTouched(_ time: Int64) -> Double { Self.place(of: time, in: touched) }

    /// The state of a note of which only the pair is known. It is not in the trending record, so it is older and quieter
    /// than what is.
    var unknownState: NoteState { NoteState(created: newest.last ?? now) }

    /// How many times are later, and half of how many others are the same: activity is known to the hour, so that ties
    /// are common, and notes of one hour share their middle place.
    private static func place(of time: Int64, in descending: [Int64]) -> Double {
        let later = firstIndex(in: descending) { $0 <= time }
        let notEarlier = firstIndex(in: descending) { $0 < time }
        let others = max(0, notEarlier - later - 1)
        return min(Double(depth), Double(later) + Double(others) / 2)
    }

    /// The first place at which a condition holds that, once it holds, holds to the end.
    private static func firstIndex(in times: [Int64], where holds: (Int64) -> Bool) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if holds(times[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
