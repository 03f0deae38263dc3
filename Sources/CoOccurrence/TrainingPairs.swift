/// The pairs of notes that a model is trained on: s(A→B), the sum of 1/N_u over the users u who clicked A and later B
/// (paper, section 3), from a log that may reach much further back than the live window.
///
/// Other than in the window every click counts here, not only the latest of a note: a pair lies in how close two clicks
/// are, and a visit long ago says as much about the notes as one of today. The rest is the window's: a user adds to a
/// pair once, earlier means smaller (time, note id), of a user's clicks the newest `cap` are kept, a forgotten user is
/// as if never there, and a deleted note leaves the pairs but not N_u.
public struct TrainingPairs: Sendable, Equatable {
    /// Which pairs are taken.
    public struct Settings: Sendable, Hashable, Codable {
        /// The two clicks lie less than this apart, in milliseconds.
        public var maximumDistance: Int64
        /// Bounds of s (paper, section 3): below it a pair is chance, above it a note that everybody clicks.
        public var lowest: Double
        /// See ``lowest``.
        public var highest: Double
        /// Of each note so many targets of highest s are kept.
        public var perNote: Int
        /// The newest clicks of a user that count; bounds what one user can cost.
        public var cap: Int

        /// Seven days, 0.01 ≤ s ≤ 30, the best ten of each note.
        public init(
            maximumDistance: Int64 = 7 * 86_400_000, lowest: Double = 0.01, highest: Double = 30, perNote: Int = 10,
            cap: Int = 1_000
        ) {
            self.maximumDistance = maximumDistance
            self.lowest = lowest
            self.highest = highest
            self.perNote = perNote
            self.cap = cap
        }
    }

    /// Two notes that the same people clicked, one after the other.
    public struct Pair: Sendable, Hashable {
        /// A, clicked first.
        public let source: [UInt8]
        /// B, clicked later.
        public let target: [UInt8]
        /// s(A→B).
        public let score: Double
        /// When B was last clicked behind A, in milliseconds since 1970.
        public let time: Int64

        /// A pair from its parts.
        public init(source: [UInt8], target: [UInt8], score: Double, time: Int64) {
            self.source = source
            self.target = target
            self.score = score
            self.time = time
        }
    }

    /// By source in byte order, of one source the highest score first, equal ones in the targets' byte order.
    public let pairs: [Pair]

    /// Folds a log.
    ///
    /// - Parameters:
    ///   - log: a user's events in the order of their partition.
    ///   - range: only clicks within it count, so that pairs of ranges apart come of different clicks.
    ///   - isLive: whether a note is still there.
    public init(
        of log: some Sequence<ClickEvent>, during range: Range<Int64> = .min..<(.max), settings: Settings = Settings(),
        where isLive: ([UInt8]) -> Bool = { _ in true }
    ) {
        let rows = ClickRows(log, range, cap: settings.cap)
        let lives = rows.notes.map(isLive)
        let lowest = PairScore.fixedPoint(settings.lowest)
        let highest = PairScore.fixedPoint(settings.highest)
        var pairs: [Pair] = []
        for sources in rows.portions(within: settings.maximumDistance) {
            var bySource: [UInt32: [(target: UInt32, sum: TimedSum)]] = [:]
            for (pair, sum) in rows.sums(of: sources, within: settings.maximumDistance) {
                guard lives[Int(pair.source)], lives[Int(pair.target)], (lowest...highest).contains(sum.score) else {
                    continue
                }
                bySource[pair.source, default: []].append((pair.target, sum))
            }
            for source in bySource.keys.sorted() {
                let best = bySource[source, default: []].sorted {
                    $0.sum.score != $1.sum.score ? $0.sum.score > $1.sum.score : $0.target < $1.target
                }
                for (target, sum) in best.prefix(settings.perNote) {
                    pairs.append(
                        Pair(
                            source: rows.notes[Int(source)], target: rows.notes[Int(target)],
                            score: Double(sum.score) / Double(PairScore.one), time: sum.time))
                }
            }
        }
        self.pairs = pairs
    }
}

extension PairScore {
    /// A score in fixed point, rounded down; what is beyond its range stops at the range's end.
    static func fixedPoint(_ score: Double) -> Int64 {
        let scaled = (score * Double(one)).rounded(.down)
        return scaled >= 0x1p63 ? .max : scaled <= -0x1p63 ? .min : Int64(scaled)
    }
}

/// A pair of notes by number.
private struct NumberedPair: Hashable {
    let source: UInt32
    let target: UInt32
}

/// What all users say of a pair.
private struct TimedSum {
    var score: Int64 = 0
    var time = Int64.min
}

/// The clicks of each user, oldest first, notes numbered in byte order.
private struct ClickRows {
    private struct Click {
        let time: Int64
        let note: UInt32
    }

    private struct Row {
        let clicks: [Click]
        /// N_u.
        let notes: Int
    }

    /// Pairs that are summed at once: bounds the memory, about 50 bytes each.
    private static let portion = 4_000_000

    let notes: [[UInt8]]
    private let rows: [Row]

    init(_ log: some Sequence<ClickEvent>, _ range: Range<Int64>, cap: Int) {
        var clicksOf: [[UInt8]: [(time: Int64, note: [UInt8])]] = [:]
        for event in log {
            switch event {
            case .tick: continue
            case .forget(let user): clicksOf[user] = nil
            case .click(let user, let note, let time):
                if range.contains(time) { clicksOf[user, default: []].append((time, note)) }
            }
        }
        notes = Set(clicksOf.values.joined().map(\.note)).sorted { $0.lexicographicallyPrecedes($1) }
        let numbers = Dictionary(uniqueKeysWithValues: notes.enumerated().map { ($1, UInt32($0)) })
        rows = clicksOf.values.map { clicks in
            let numbered = clicks.compactMap { click in
                numbers[click.note].map { Click(time: click.time, note: $0) }
            }
            .sorted { ($0.time, $0.note) < ($1.time, $1.note) }
            let kept = Array(numbered.suffix(max(cap, 0)))
            return Row(clicks: kept, notes: Set(kept.map(\.note)).count)
        }
    }

    /// The sources cut into stretches, each of about as many pairs as may be summed at once.
    func portions(within distance: Int64) -> [Range<UInt32>] {
        var counts = [Int](repeating: 0, count: notes.count)
        for row in rows { forEachPair(of: row, within: distance) { source, _ in counts[Int(source.note)] += 1 } }
        var portions: [Range<UInt32>] = []
        var (start, sum) = (0, 0)
        for (source, count) in counts.enumerated() {
            if sum > 0, sum + count > Self.portion {
                portions.append(UInt32(start)..<UInt32(source))
                (start, sum) = (source, 0)
            }
            sum += count
        }
        return sum > 0 ? portions + [UInt32(start)..<UInt32(notes.count)] : portions
    }

    /// s of every pair whose source is one of `sources`.
    func sums(of sources: Range<UInt32>, within distance: Int64) -> [NumberedPair: TimedSum] {
        var sums: [NumberedPair: TimedSum] = [:]
        for row in rows {
            var own: [NumberedPair: Int64] = [:]
            forEachPair(of: row, within: distance) { source, target in
                guard sources.contains(source.note) else { return }
                let pair = NumberedPair(source: source.note, target: target.note)
                own[pair] = max(target.time, own[pair] ?? target.time)
            }
            for (pair, time) in own {
                sums[pair, default: TimedSum()].score += PairScore.one / Int64(row.notes)
                sums[pair, default: TimedSum()].time = max(time, sums[pair]?.time ?? time)
            }
        }
        return sums
    }

    /// Two clicks of different notes, the earlier first; a pair of notes may come several times.
    private func forEachPair(of row: Row, within distance: Int64, _ body: (Click, Click) -> Void) {
        for (place, first) in row.clicks.enumerated() {
            for second in row.clicks[(place + 1)...] {
                let (apart, overflow) = second.time.subtractingReportingOverflow(first.time)
                if overflow || apart >= distance { break }
                if second.note != first.note { body(first, second) }
            }
        }
    }
}
