import Foundation

/// What decides whether a note is touched next by someone who looks at another: the pair, and the note's age, place and
/// activity at this moment. Each part grows with the chance; logarithms are natural.
public struct NextFeatures: Sendable, Equatable {
    /// Cosine of the two embeddings.
    public var cosine: Double
    /// BM25 share.
    public var lexical: Double
    /// Shrunk co-occurrence.
    public var cooccurrence: Double
    /// −ln(age in hours + 1/12): five minutes blur the first moments.
    public var age: Double
    /// −ln(1 + notes that are newer), up to ``NextContext/depth``.
    public var newest: Double
    /// −ln(1 + notes touched later), up to ``NextContext/depth``.
    public var touched: Double
    /// 1 with a click in the window, else 0.
    public var active: Double
    /// ln(1 + clicks of the last ``NoteState/recentHours`` hours).
    public var recentClicks: Double
    /// ln(1 + clicks in the window).
    public var clicks: Double

    /// The features of one candidate in a context. A nil `state` is that of a note outside the trending record.
    public init(_ pair: RelatedFeatures, _ state: NoteState?, _ context: NextContext) {
        let state = state ?? context.unknownState
        let hours = Double(max(0, context.now - state.created)) / 3_600_000
        cosine = pair.cosine
        lexical = pair.lexical
        cooccurrence = pair.cooccurrence
        age = -log(hours + 1 / 12)
        newest = -log(1 + context.placeAmongNewest(state.created))
        touched = -log(1 + context.placeAmongTouched(state.touched))
        active = state.lastActive == nil ? 0 : 1
        recentClicks = log(Double(1 + max(0, state.recentClicks)))
        clicks = log(Double(1 + max(0, state.clicks)))
    }

    /// The parts in the order of ``NextWeights/parts``: one row of a fit.
    public var columns: [Double] {
        [cosine, lexical, cooccurrence, age, newest, touched, active, recentClicks, clicks]
    }
}
