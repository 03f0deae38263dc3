import Foundation
import Ranking
import Support
import Testing

@Suite("What is touched next")
struct NextTests {
    private let hour: Int64 = 3_600_000

    private func random(_ count: Int, _ generator: inout SeededGenerator) -> [TrendingEntry] {
        (0..<count).map { index in
            let created = Int64.random(in: 0...40, using: &generator) * hour
            let active =
                Bool.random(using: &generator) ? created + Int64.random(in: 0...9, using: &generator) * hour : nil
            let clicks = active == nil ? 0 : Int64.random(in: 1...5, using: &generator)
            return TrendingEntry(
                note: Array("n\(index)".utf8), category: Array(index % 3 == 0 ? "x".utf8 : "y".utf8),
                state: NoteState(
                    created: created, lastActive: active, clicks: clicks,
                    recentClicks: min(clicks, Int64.random(in: 0...3, using: &generator))))
        }
    }

    @Test("Trending is the union of newest, last touched and busiest, whatever the order it was offered in")
    func selection() {
        for seed in 0..<40 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let notes = random(60, &generator)
            let size = Int.random(in: 1...12, using: &generator)
            let category = seed % 2 == 0 ? nil : Array("x".utf8)
            let pool = notes.filter { category == nil || $0.category == category }
            func leaders(_ key: (TrendingEntry) -> Int64) -> Set<[UInt8]> {
                let sorted = pool.sorted {
                    (-key($0), -$0.state.created) != (-key($1), -$1.state.created)
                        ? (-key($0), -$0.state.created) < (-key($1), -$1.state.created)
                        : $0.note.lexicographicallyPrecedes($1.note)
                }
                return Set(sorted.prefix(size).map(\.note))
            }
            let clicked = Set(pool.filter { $0.state.clicks > 0 }.map(\.note))
            let busiest = pool.filter { clicked.contains($0.note) }.sorted {
                let first = ($0.state.recentClicks, $0.state.clicks, $0.state.created)
                let second = ($1.state.recentClicks, $1.state.clicks, $1.state.created)
                return first != second ? first > second : $0.note.lexicographicallyPrecedes($1.note)
            }
            let expected = leaders(\.state.created).union(leaders(\.state.touched))
                .union(busiest.prefix(size).map(\.note))
            let selected = TrendingSelection.select(
                notes.shuffled(using: &generator), category: category, size: size)
            #expect(Set(selected.map(\.note)) == expected)
            #expect(selected.count == expected.count)
            #expect(selected.map(\.state.touched) == selected.map(\.state.touched).sorted(by: >))
            #expect(
                selected == TrendingSelection.select(notes.reversed(), category: category, size: size))
        }
        #expect(TrendingSelection.select([], size: 5).isEmpty)
    }

    @Test("Features are their formulas; places count within the record and saturate")
    func features() {
        var generator = SeededGenerator(seed: 7)
        let notes = random(200, &generator)
        let now = 60 * hour
        let excluded = notes[3].note
        let trending = TrendingSelection.select(notes, size: 2 * NextContext.depth)
        let context = NextContext(trending: trending, excluding: excluded, now: now)
        for entry in notes where entry.note != excluded {
            let pair = RelatedFeatures(cosine: 0.3, lexical: 0.2, cooccurrence: 0.1)
            let features = NextFeatures(pair, entry.state, context)
            let others = notes.filter { $0.note != excluded }
            #expect(features.newest == -log(1 + Self.place(of: entry, among: others, by: \.state.created)))
            #expect(features.touched == -log(1 + Self.place(of: entry, among: others, by: \.state.touched)))
            #expect(features.age == -log(Double(now - entry.state.created) / Double(hour) + 1 / 12))
            #expect(features.active == (entry.state.lastActive == nil ? 0 : 1))
            #expect(features.clicks == log(Double(1 + entry.state.clicks)))
            #expect(features.recentClicks == log(Double(1 + entry.state.recentClicks)))
            let weights = NextWeights(columns: (0..<9).map { _ in Double.random(in: -2...2, using: &generator) })
            let sum = zip(features.columns, NextWeights.parts).reduce(0.0) {
                $0 + $1.0 * (weights.dictionary[$1.1] ?? .nan)
            }
            #expect(abs(Next.score(features, weights) - sum) < 1e-9)
        }
    }

    /// Others ahead and half of the others at the same time, up to the depth.
    private static func place(
        of entry: TrendingEntry, among others: [TrendingEntry], by key: (TrendingEntry) -> Int64
    ) -> Double {
        let ahead = others.count { key($0) > key(entry) }
        let equal = others.count { $0.note != entry.note && key($0) == key(entry) }
        return min(Double(NextContext.depth), Double(ahead) + Double(equal) / 2)
    }

    @Test("A note from the future has age zero; an empty record leaves all places first")
    func edges() {
        let context = NextContext(trending: [], now: 0)
        let features = NextFeatures(RelatedFeatures(), NoteState(created: 5 * hour), context)
        #expect(features.age == -log(1.0 / 12))
        #expect(features.newest == 0 && features.touched == 0)
        #expect(NextFeatures(RelatedFeatures(), nil, context).columns.allSatisfy { $0.isFinite })
    }

    @Test("The list is joined with trending notes, each once, without the note itself")
    func join() {
        var generator = SeededGenerator(seed: 3)
        let trending = random(6, &generator)
        let old = Array("old".utf8)
        let list = [(old, RelatedFeatures(cosine: 0.9)), (trending[2].note, RelatedFeatures(cosine: 0.5))]
        let candidates = Next.join(
            list: list.map { (note: $0.0, features: $0.1) }, trending: trending, excluding: trending[0].note,
            features: { $0 == trending[1].note ? RelatedFeatures(cosine: 0.1) : nil })
        #expect(candidates.map(\.note) == [old, trending[2].note] + [1, 3, 4, 5].map { trending[$0].note })
        #expect(candidates[0].state == nil)
        #expect(candidates[1].state == trending[2].state)
        #expect(candidates[1].features.cosine == 0.5)
        #expect(candidates[2].features.cosine == 0.1)

        let context = NextContext(trending: trending, excluding: trending[0].note, now: 60 * hour)
        let ranked = Next.rank(candidates, context, weights: NextWeights(), count: 10)
        #expect(ranked.count == 6)
        #expect(ranked.map(\.score) == ranked.map(\.score).sorted(by: >))
        for place in ranked {
            let candidate = candidates.first { $0.note == place.note }!
            #expect(place.score == Next.score(candidate, context, NextWeights()))
            #expect(!place.reason.isEmpty)
        }
    }
}
