/// The co-occurrence formula (paper, section 3) over a whole log at once: s(A→B) is the sum of 1/N_u over the users
/// who clicked A and later B, N_u being the notes the user clicked in the window; beside it, how many they are. The
/// oracle of everything online.
public enum BatchFormula {
    /// A sum's place: the pair, and the bucket of its earlier click.
    public struct Pair: Hashable, Sendable {
        /// The note clicked first.
        public let source: [UInt8]
        /// The note clicked later.
        public let target: [UInt8]
        /// The bucket of the first click.
        public let bucket: Int64

        /// The place of a sum.
        public init(source: [UInt8], target: [UInt8], bucket: Int64) {
            self.source = source
            self.target = target
            self.bucket = bucket
        }
    }

    /// A click count's place.
    public struct NoteHour: Hashable, Sendable {
        /// The note.
        public let note: [UInt8]
        /// Hours since 1970 UTC.
        public let hour: Int64

        /// The place of a click count.
        public init(note: [UInt8], hour: Int64) {
            self.note = note
            self.hour = hour
        }
    }

    /// Sums at the log's highest time, as after a tick in every partition, without zeros. A user's events must stand in
    /// the order of their partition.
    public static func pairs(of log: [ClickEvent], _ settings: WindowSettings) -> [Pair: PairSum] {
        var sums: [Pair: PairSum] = [:]
        for row in rows(of: log, settings) {
            for (index, first) in row.enumerated() {
                for second in row[(index + 1)...] {
                    let pair = Pair(
                        source: first.note, target: second.note, bucket: settings.bucket(of: first.time))
                    sums[pair, default: .zero] += PairSum(score: PairScore.one / Int64(row.count), users: 1)
                }
            }
        }
        return sums
    }

    /// Clicks per note and hour of the same rows.
    public static func activity(of log: [ClickEvent], _ settings: WindowSettings) -> [NoteHour: Int64] {
        var clicks: [NoteHour: Int64] = [:]
        for click in rows(of: log, settings).joined() {
            let hour = click.time.dividedDown(by: WindowSettings.hourMilliseconds)
            clicks[NoteHour(note: click.note, hour: hour), default: 0] += 1
        }
        return clicks
    }

    /// Each user's live notes at their latest click, the newest `cap`, oldest first.
    private static func rows(
        of log: [ClickEvent], _ settings: WindowSettings
    ) -> [[(time: Int64, note: [UInt8])]] {
        let now = log.lazy.compactMap(\.time).max() ?? 0
        var latest: [[UInt8]: [[UInt8]: Int64]] = [:]
        for event in log {
            switch event {
            case .tick: continue
            case .forget(let user): latest[user] = nil
            case .click(let user, let note, let time):
                guard settings.isLive(bucket: settings.bucket(of: time), at: now) else { continue }
                latest[user, default: [:]][note] = max(time, latest[user]?[note] ?? time)
            }
        }
        return latest.values.map { row in
            row.map { (time: $0.value, note: $0.key) }
                .sorted { $0.time != $1.time ? $0.time < $1.time : $0.note.lexicographicallyPrecedes($1.note) }
                .suffix(settings.cap)
        }
    }
}
