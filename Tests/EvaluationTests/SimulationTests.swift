import Evaluation
import Foundation
import LexicalIndex
import Support
import Testing

@Suite("Simulated logs")
struct SimulationTests {
    private let simulation = Simulation()

    /// FNV-1a over everything a log says.
    private func fingerprint(_ simulation: Simulation) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        for note in simulation.notes {
            add(note.id)
            add(note.title.utf8)
            add(note.content.utf8)
            add(note.hashtags.joined(separator: ",").utf8)
            add("\(note.category) \(note.author) \(note.created)".utf8)
        }
        for click in simulation.clicks {
            add(click.user)
            add(click.note)
            add("\(click.time) \(click.kind)".utf8)
        }
        return hash
    }

    @Test("The same settings give the same log, another seed another")
    func deterministic() {
        #expect(fingerprint(Simulation()) == fingerprint(simulation))
        // Changing the default log changes what demos and documents show: do it knowingly.
        #expect(fingerprint(simulation) == 17_463_631_916_059_728_785)
        #expect(fingerprint(Simulation(SimulationSettings(seed: 2))) != fingerprint(simulation))
        let small = SimulationSettings(notes: 1, clicks: 0, users: 1, days: 1)
        #expect(Simulation(small).notes.count == 1 && Simulation(small).clicks.isEmpty)
    }

    @Test("Sizes are as asked, times are in order, and nothing is clicked before it is there")
    func sizes() {
        #expect(simulation.notes.count == 600)
        #expect(simulation.clicks.count == 6000)
        #expect(simulation.notes.map(\.created) == simulation.notes.map(\.created).sorted())
        #expect(simulation.clicks.map(\.time) == simulation.clicks.map(\.time).sorted())
        let created = Dictionary(uniqueKeysWithValues: simulation.notes.map { ($0.id, $0.created) })
        #expect(created.count == 600)
        #expect(simulation.clicks.allSatisfy { (created[$0.note] ?? .max) < $0.time })
        let span = (simulation.notes.last?.created ?? 0) - (simulation.notes.first?.created ?? 0)
        #expect(span > 8 * 86_400_000 && span < 10 * 86_400_000)
    }

    @Test("Texts are complete sentences in many categories, and rarely the same twice")
    func readable() {
        for note in simulation.notes {
            #expect(!note.title.contains("{") && !note.content.contains("{"))
            #expect(note.title.first?.isUppercase == true)
            #expect(note.title.count > 10 && note.title.count < 100)
            #expect(note.content.count > 120 && note.content.hasSuffix("."))
            #expect((2...3).contains(note.hashtags.count))
        }
        #expect(Set(simulation.notes.map(\.category)).count >= 12)
        #expect(Set(simulation.notes.flatMap(\.hashtags)).count >= 80)
        #expect(Set(simulation.notes.map(\.content)).count >= 590)
    }

    @Test("Co-clicks hold what the text hides: related notes are found better with them")
    func hiddenCircles() throws {
        let small = Simulation(SimulationSettings(notes: 300, clicks: 3000, users: 150, days: 5))
        let log = EngagementLog(notes: small.notes, clicks: small.clicks)
        let walk = Prequential(log, embeddings: [], settings: PrequentialSettings(followsEmittedLists: false))
        let result = try walk.run()
        var textAlone = result.weights
        textAlone.related.cooccurrence = 0
        let related = try #require(result.tallies["related"])
        let without = try #require(try walk.run(weights: textAlone).tallies["related"])
        // Less than it was: most of what clicks tell is now of topics, which a trained embedding can learn.
        #expect(related.mrr > 1.05 * without.mrr)
        #expect(result.weights.related.cooccurrence > 0.5)
    }

    /// Of each topic the one of another category that visits go on to most often. The first hashtag names the topic.
    private func affinities(_ clicks: some Sequence<LoggedClick>) throws -> [String: String] {
        let notes = Dictionary(uniqueKeysWithValues: simulation.notes.map { ($0.id, $0) })
        var counts: [String: [String: Int]] = [:]
        var last: [[UInt8]: LoggedClick] = [:]
        for click in clicks {
            defer { last[click.user] = click }
            guard let before = last[click.user], click.time - before.time < 1_800_000 else { continue }
            let (one, other) = (try #require(notes[before.note]), try #require(notes[click.note]))
            if one.category != other.category {
                counts[one.hashtags[0], default: [:]][other.hashtags[0], default: 0] += 1
            }
        }
        return counts.compactMapValues { next in next.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key }
    }

    @Test("Topics are liked in twos of different categories: old clicks tell of later ones, and words do not")
    func plantedAffinities() throws {
        let all = try affinities(simulation.clicks)
        let mutual = all.filter { all[$0.value] == $0.key }
        #expect(mutual.count >= 24, "\(mutual.count) of \(all.count)")
        let half = simulation.clicks.count / 2
        let (early, late) = (
            try affinities(simulation.clicks.prefix(half)), try affinities(simulation.clicks.dropFirst(half))
        )
        let lasting = mutual.keys.count { early[$0] == late[$0] }
        #expect(lasting * 10 >= mutual.count * 7, "\(lasting) of \(mutual.count)")

        // The share of common words between topics: of the planted twos, and of all of different categories.
        let topics = Dictionary(grouping: simulation.notes, by: { $0.hashtags[0] })
        let words = topics.mapValues { notes in Set(notes.flatMap { Terms.split($0.title + " " + $0.content) }) }
        func overlap(_ one: String, _ other: String) -> Double {
            guard let one = words[one], let other = words[other] else { return 0 }
            return Double(one.intersection(other).count) / Double(one.union(other).count)
        }
        let planted = mutual.map { overlap($0.key, $0.value) }
        let any = topics.keys.sorted().flatMap { one in
            topics.keys.filter { topics[$0]?.first?.category != topics[one]?.first?.category }.map { overlap(one, $0) }
        }
        let (found, chance) = (
            planted.reduce(0, +) / Double(planted.count), any.reduce(0, +) / Double(any.count)
        )
        #expect(found < 1.15 * chance, "\(found) against \(chance)")
    }

    @Test("Days have nights, notes age, a few notes draw many clicks, and circles click together across topics")
    func plausible() throws {
        let hours = Dictionary(grouping: simulation.clicks) { $0.time / 3_600_000 % 24 }.mapValues(\.count)
        #expect((hours[3] ?? 0) * 5 < (hours[20] ?? 0))

        let notes = Dictionary(uniqueKeysWithValues: simulation.notes.map { ($0.id, $0) })
        let clicked = try simulation.clicks.map { try #require(notes[$0.note]) }
        let ages = zip(simulation.clicks, clicked).map { $0.time - $1.created }.sorted()
        #expect(ages[ages.count / 2] < 3 * 86_400_000)

        let counts = Dictionary(grouping: simulation.clicks, by: \.note).values.map(\.count).sorted(by: >)
        #expect(counts.prefix(60).reduce(0, +) > 1500)

        // The next note of a visit is of the same category more often than chance, and mostly it is not.
        var together = 0
        var apart = 0
        var last: [[UInt8]: LoggedClick] = [:]
        for click in simulation.clicks {
            if let before = last[click.user], click.time - before.time < 1_800_000 {
                if notes[before.note]?.category == notes[click.note]?.category { together += 1 } else { apart += 1 }
            }
            last[click.user] = click
        }
        #expect(together > 300 && apart > together)
    }
}
