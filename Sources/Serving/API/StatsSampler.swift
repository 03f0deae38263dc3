import Foundation
import Pipeline
import Schemas
import Synchronization

/// The figures of the moment that people look at: rates over the last seconds, freshness over the last minutes.
package final class StatsSampler: Sendable {
    struct Stats: Encodable {
        struct Rates: Encodable { var notes, clicks, lists: Double }
        struct Lag: Encodable { var profile, session, recommend: Int64? }
        struct Freshness: Encodable {
            var p50, p99: Double
            var count: Int
        }

        var time: String
        var ready: Bool
        var notReady: [String]
        var version: String?
        var notes: Int
        var eventsPerSecond: Rates
        var lag: Lag
        var freshnessSeconds: Freshness?
        var recall: Double?
        var deadLetters: Int64
        var streams: Int
    }

    private struct Counters {
        var at: ContinuousClock.Instant
        var notes, clicks, lists: Double
    }

    /// Rates are over this long, or since the first look.
    private static let span = Duration.seconds(10)
    private static let freshnessSpan = Duration.seconds(300)

    package let statuses: [StageStatus]
    private let streams: @Sendable () -> Int
    private let seen = Mutex<[Counters]>([])

    package init(statuses: [StageStatus], streams: @escaping @Sendable () -> Int) {
        self.statuses = statuses
        self.streams = streams
    }

    func sample(version: String?) -> Stats {
        let now = Dictionary(uniqueKeysWithValues: statuses.map { ($0.stage, $0.now) })
        func figure(_ name: String) -> Double? { now["recommend"]?.figures.first { $0.name == name }?.value }
        func lag(_ stage: String) -> Int64? { now[stage].map { $0.lag.values.reduce(0, +) } }
        let counters = Counters(
            at: .now, notes: Double(now["profile"]?.records ?? 0), clicks: Double(now["session"]?.records ?? 0),
            lists: figure("lists_sent_total") ?? 0)
        let notReady = API.reasonsNotReady(statuses)
        let fresh = statuses.flatMap { $0.recentFreshness.ascending(within: Self.freshnessSpan) }
        return Stats(
            time: "\(Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)))",
            ready: notReady.isEmpty, notReady: notReady, version: version, notes: Int(figure("index_notes") ?? 0),
            eventsPerSecond: rates(upTo: counters),
            lag: .init(profile: lag("profile"), session: lag("session"), recommend: lag("recommend")),
            freshnessSeconds: fresh.isEmpty
                ? nil
                : .init(
                    p50: Self.quantile(0.5, of: fresh), p99: Self.quantile(0.99, of: fresh), count: fresh.count),
            recall: figure("index_recall"), deadLetters: now.values.reduce(0) { $0 + $1.deadLetters },
            streams: streams())
    }

    private func rates(upTo counters: Counters) -> Stats.Rates {
        let oldest = seen.withLock { seen in
            seen.removeAll { counters.at - $0.at > Self.span }
            let oldest = seen.first
            if seen.last.map({ counters.at - $0.at > .milliseconds(500) }) ?? true { seen.append(counters) }
            return oldest
        }
        guard let oldest, case let seconds = (counters.at - oldest.at) / .seconds(1), seconds > 0.1 else {
            return .init(notes: 0, clicks: 0, lists: 0)
        }
        return .init(
            notes: max(0, (counters.notes - oldest.notes) / seconds),
            clicks: max(0, (counters.clicks - oldest.clicks) / seconds),
            lists: max(0, (counters.lists - oldest.lists) / seconds))
    }

    /// - Parameter ascending: not empty.
    private static func quantile(_ share: Double, of ascending: [Double]) -> Double {
        ascending[min(ascending.count - 1, Int(Double(ascending.count) * share))]
    }
}
