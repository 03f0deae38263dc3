/// The rankings that any serious one must beat, from the log's exact times and no window.
struct Floors {
    /// The floors' names, in the order of the report.
    static let names = ["tfidf", "popularity_7d", "newest", "most_recently_active"]

    private static let popularitySpan: Int64 = 7 * 86_400_000

    private let log: EngagementLog
    private let terms: TermWeights
    /// Time of the latest engagement per note; −1 before the first.
    private var lastActive: [Int64]
    /// Engagements of the last seven days per note.
    private var recent: [Int64]
    /// The lines that `recent` counts.
    private var counted: Range<Int> = 0..<0

    init(_ log: EngagementLog) {
        self.log = log
        terms = TermWeights(log.notes)
        lastActive = Array(repeating: -1, count: log.notes.count)
        recent = Array(repeating: 0, count: log.notes.count)
    }

    /// Counts one line, after its test.
    mutating func apply(line: Int) {
        counted = counted.lowerBound..<(line + 1)
        guard let note = log.clickedNotes[line] else { return }
        recent[note] += 1
        lastActive[note] = max(lastActive[note], log.clicks[line].time)
    }

    /// Forgets engagements older than seven days before `time`.
    mutating func advance(to time: Int64) {
        while let line = counted.first, log.clicks[line].time < time - Self.popularitySpan {
            if let note = log.clickedNotes[line] { recent[note] -= 1 }
            counted = (line + 1)..<counted.upperBound
        }
    }

    /// TF-IDF cosine with the note looked at.
    func similarity(to note: Int, count: Int) -> [Float] { terms.similarities(of: note, count: count) }

    /// Engagements of the last seven days; ties to the newer note.
    func popularity(count: Int) -> [Int64] {
        (0..<count).map { recent[$0] << 42 | min(max(0, log.notes[$0].created), 1 << 42 - 1) }
    }

    /// Creation time.
    func newest(count: Int) -> [Int64] { log.notes.prefix(count).map(\.created) }

    /// Time of the latest engagement.
    func recency(count: Int) -> [Int64] { Array(lastActive.prefix(count)) }
}
