import CoOccurrence
import Foundation
import Support
import Testing

@Suite("Pairs to train on")
struct TrainingPairsTests {
    private static let day: Int64 = 86_400_000

    private func click(_ user: String, _ note: String, _ time: Int64) -> ClickEvent {
        .click(user: Array(user.utf8), note: Array(note.utf8), time: time)
    }

    /// The formula over every pair of notes, without a thought for its cost.
    private func plain(
        _ log: [ClickEvent], _ range: Range<Int64>, _ settings: TrainingPairs.Settings, _ dead: Set<[UInt8]>
    ) -> [TrainingPairs.Pair] {
        var rows: [[UInt8]: [(time: Int64, note: [UInt8])]] = [:]
        for event in log {
            if case .forget(let user) = event { rows[user] = nil }
            guard case .click(let user, let note, let time) = event, range.contains(time) else { continue }
            rows[user, default: []].append((time, note))
        }
        let notes = Set(rows.values.joined().map(\.note))
        var pairs: [TrainingPairs.Pair] = []
        for source in notes where !dead.contains(source) {
            var targets: [TrainingPairs.Pair] = []
            for target in notes where target != source && !dead.contains(target) {
                var (score, last) = (Int64(0), Int64.min)
                for row in rows.values {
                    let kept = row.sorted {
                        $0.time != $1.time ? $0.time < $1.time : $0.note.lexicographicallyPrecedes($1.note)
                    }.suffix(settings.cap)
                    let times = kept.enumerated().flatMap { place, first in
                        kept.dropFirst(place + 1).filter { second in
                            first.note == source && second.note == target
                                && second.time - first.time < settings.maximumDistance
                        }.map(\.time)
                    }
                    guard let time = times.max() else { continue }
                    score += (1 << 32) / Int64(Set(kept.map(\.note)).count)
                    last = max(last, time)
                }
                let value = Double(score) / 4_294_967_296
                if score > 0, value >= settings.lowest, value <= settings.highest {
                    targets.append(TrainingPairs.Pair(source: source, target: target, score: value, time: last))
                }
            }
            pairs += targets.sorted {
                $0.score != $1.score ? $0.score > $1.score : $0.target.lexicographicallyPrecedes($1.target)
            }.prefix(settings.perNote)
        }
        return pairs.enumerated().sorted { left, right in
            left.element.source != right.element.source
                ? left.element.source.lexicographicallyPrecedes(right.element.source) : left.offset < right.offset
        }.map(\.element)
    }

    @Test("s is the sum over users of 1/N_u, for the earlier note to the later one")
    func formula() {
        let log = [
            click("u", "a", 0), click("u", "b", 1), click("v", "a", 5), click("v", "b", 6), click("v", "c", 7),
            click("w", "b", 3), click("w", "a", 3),
        ]
        let pairs = TrainingPairs(of: log).pairs
        let scores = Dictionary(
            uniqueKeysWithValues: pairs.map { (String(decoding: $0.source + $0.target, as: UTF8.self), $0.score) })
        #expect(Set(scores.keys) == ["ab", "ac", "bc"])
        // At equal times the smaller id is the earlier one.
        #expect(abs((scores["ab"] ?? 0) - (0.5 + 1.0 / 3 + 0.5)) < 1e-9)
        #expect(abs((scores["bc"] ?? 0) - 1.0 / 3) < 1e-9)
        #expect(pairs.first { $0.score > 1 }?.time == 6)
    }

    @Test("Seven days apart is too far; a deleted note leaves the pairs, not N_u; a forgotten user leaves nothing")
    func bounds() {
        let near = [click("u", "a", 0), click("u", "b", 7 * Self.day - 1)]
        #expect(TrainingPairs(of: near).pairs.count == 1)
        #expect(TrainingPairs(of: [near[0], click("u", "b", 7 * Self.day)]).pairs.isEmpty)
        let three = near + [click("u", "c", 2)]
        let living = TrainingPairs(of: three) { $0 != Array("c".utf8) }.pairs
        #expect(living.count == 1 && abs(living[0].score - 1.0 / 3) < 1e-9)
        #expect(TrainingPairs(of: near + [.forget(user: Array("u".utf8))]).pairs.isEmpty)
        let again = near + [.forget(user: Array("u".utf8)), click("u", "b", 3), click("u", "c", 4)]
        #expect(TrainingPairs(of: again).pairs.map(\.source) == [Array("b".utf8)])
    }

    @Test(
        "Agrees with the plain formula on random logs, whatever bounds and ranges", arguments: 0..<60 as Range<UInt64>)
    func oracle(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var log: [ClickEvent] = []
        for _ in 0..<Int.random(in: 0...120, using: &generator) {
            let user = "u\(Int.random(in: 0..<6, using: &generator))"
            if Int.random(in: 0..<40, using: &generator) == 0 {
                log.append(.forget(user: Array(user.utf8)))
            } else {
                let note = "n\(Int.random(in: 0..<9, using: &generator))"
                log.append(click(user, note, Int64.random(in: 0..<60, using: &generator)))
            }
        }
        let settings = TrainingPairs.Settings(
            maximumDistance: Int64.random(in: 1...40, using: &generator),
            lowest: [0, 0.19, 0.49].randomElement(using: &generator) ?? 0,
            highest: [0.8, 30].randomElement(using: &generator) ?? 30,
            perNote: Int.random(in: 1...6, using: &generator),
            cap: [3, 10, 1_000].randomElement(using: &generator) ?? 3)
        let cut = Int64.random(in: 0...60, using: &generator)
        let dead: Set<[UInt8]> = [Array("n3".utf8)]
        for range in [0..<cut, cut..<60] {
            let pairs = TrainingPairs(of: log, during: range, settings: settings) { !dead.contains($0) }.pairs
            #expect(pairs == plain(log, range, settings, dead))
        }
    }

    @Test("The whole beer log", .enabled(if: SharedData.beer != nil, "the beer log is not beside the checkout"))
    func beer() throws {
        let log = try Self.beerLog { $0 }
        let everything = TrainingPairs.Settings(lowest: 0, highest: .infinity, perNote: .max)
        #expect(TrainingPairs(of: log, settings: everything).pairs.count == 9_220)
        // Of two clicks at one time the smaller id is the earlier one. With ids that sort by their number, one such pair
        // goes the other way round, and is then no other pair's double.
        let padded = try Self.beerLog { id in
            let parts = id.split(separator: "-")
            return parts[0] + "-" + String(repeating: "0", count: max(0, 8 - parts[1].count)) + parts[1]
        }
        #expect(TrainingPairs(of: padded, settings: everything).pairs.count == 9_221)
        let taken = TrainingPairs(of: log).pairs
        #expect(taken.allSatisfy { $0.score >= 0.01 && $0.score <= 30 })
        let counts = Dictionary(grouping: taken, by: \.source).values.map(\.count)
        #expect(counts.max() == 10 && taken.count == 4_651)
    }

    private static func beerLog(_ rename: (String) -> String) throws -> [ClickEvent] {
        let url = try #require(SharedData.beer).appending(path: "events.tsv")
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().time(includingFractionalSeconds: true)
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            let time = try Date(String(fields[0]), strategy: style).timeIntervalSince1970
            return .click(
                user: Array(fields[1].utf8), note: Array(rename(String(fields[2])).utf8),
                time: Int64((time * 1_000).rounded()))
        }
    }
}
