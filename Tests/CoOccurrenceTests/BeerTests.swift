import CoOccurrence
import Foundation
import StateStore
import Support
import Testing

/// The real log: golden values to nine digits, and the formula exactly.
@Suite(.enabled(if: SharedData.beer != nil && SharedData.golden("beer-cooccurrence.tsv") != nil, "no shared data"))
struct BeerTests {
    static func events() throws -> [ClickEvent] {
        let url = try #require(SharedData.beer).appending(path: "events.tsv")
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().time(includingFractionalSeconds: false)
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            let stamp = String(fields[0].prefix(19)).replacingOccurrences(of: " ", with: "T")
            let time = try Date(stamp, strategy: style).timeIntervalSince1970
            return .click(user: Array(fields[1].utf8), note: Array(fields[2].utf8), time: Int64(time * 1_000))
        }
    }

    struct Golden: Hashable {
        var source: String
        var target: String
    }

    static func golden(window: Int64, lines: Int) throws -> [Golden: Double] {
        let url = try #require(SharedData.golden("beer-cooccurrence.tsv"))
        var scores: [Golden: Double] = [:]
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t")
            guard fields[0] == "\(window)", fields[1] == "\(lines)" else { continue }
            scores[Golden(source: String(fields[2]), target: String(fields[3]))] = Double(fields[4])
        }
        return scores
    }

    @Test(arguments: [(7, 2_000, 1), (7, 7_122, 3), (400, 4_000, 8), (400, 7_122, 1), (400, 7_122, 5)])
    func agrees(window: Int64, lines: Int, partitions: Int) throws {
        let settings = try WindowSettings(windowBuckets: window)
        let log = Array(try Self.events().prefix(lines))
        let last = try #require(log.last?.time)
        let tick = ClickEvent.tick(time: last + settings.idleMilliseconds)
        let disk = try Disk()
        let reader = Reader(firstPartition: 0, partitions: 4, settings)
        var total = Sums()
        for partition in 0..<partitions {
            let part = log.filter { event in
                guard case .click(let user, _, _) = event else { return false }
                return user.reduce(0) { ($0 * 31 + Int($1)) % 1_000_003 } % partitions == partition
            }
            var run = SessionRun(
                part + [tick], partition: Int32(partition), settings, on: disk,
                Disturbance(slices: 1...50, commit: 100))
            try run.run(to: part.count + 1) { deltas in
                let batch = disk.store.makeBatch()
                try reader.apply(deltas, in: batch)
                try batch.commit()
            }
            total.merge(run.sums)
        }
        let formula = Sums.formula(log + [tick], settings)
        #expect(total.live(at: last + settings.idleMilliseconds, settings) == formula)
        #expect(try reader.sums(in: disk.store) == formula)

        let golden = try Self.golden(window: window, lines: lines)
        #expect(!golden.isEmpty)
        var scores: [Golden: Int64] = [:]
        for (pair, sum) in formula.pairs {
            let place = Golden(
                source: String(decoding: pair.source, as: UTF8.self),
                target: String(decoding: pair.target, as: UTF8.self))
            scores[place, default: 0] += sum.score
        }
        #expect(Set(scores.keys) == Set(golden.keys))
        for (place, score) in scores {
            let difference = Double(score) / Double(PairScore.one) - (golden[place] ?? .infinity)
            #expect(abs(difference) < 5.1e-10, "\(place)")
        }
    }
}
