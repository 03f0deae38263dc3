import CoOccurrence
import Evaluation
import Foundation
import LexicalIndex
import Ranking

/// Ranks recomputed for one test from the log before it: slow, plain, and without any of the evaluation's state.
struct PrequentialOracle {
    let log: EngagementLog
    let embeddings: [[Float]]
    let window: WindowSettings

    /// The target's rank by each ranking whose features need no index, and by the learned ones with their lexical part
    /// from a plain BM25.
    func ranks(_ test: EngagementTest, _ weights: ListWeights) -> [String: Double] {
        let candidates = log.notes.indices.filter { log.notes[$0].created < test.time }
        let past = Array(log.clicks[..<test.line])
        let scores = pairScores(test, past)
        let states = activity(test, past)
        let lexical = bm25(test, candidates)
        let features = candidates.map { candidate in
            RelatedFeatures(
                cosine: Double(cosine(test.note, candidate)), lexical: lexical[candidate] ?? 0,
                cooccurrence: RelatedFeatures.shrink(scores[candidate] ?? 0))
        }
        let entries = candidates.map {
            TrendingEntry(note: log.notes[$0].id, state: states[$0] ?? NoteState(created: 0))
        }
        let context = NextContext(
            trending: TrendingSelection.select(entries, size: NextContext.depth),
            excluding: log.notes[test.note].id, now: test.time)
        let next = zip(candidates, features).map { candidate, pair in
            NextFeatures(pair, states[candidate], context)
        }
        var ranks: [String: Double] = [:]
        func add(_ name: String, _ values: [Double]) {
            let places = zip(candidates, values).filter { $0.0 != test.note }
            guard let own = places.first(where: { $0.0 == test.target })?.1 else { return }
            let higher = places.count { $0.1 > own }
            let equal = places.count { $0.1 == own }
            ranks[name] = 1 + Double(higher) + Double(equal - 1) / 2
        }
        add("related", features.map { RelatedRanker.score($0, weights.related) })
        add("next", next.map { Next.score($0, weights.next) })
        add("next_without_text", next.map { Next.score($0, weights.nextWithoutText) })
        add("next_without_cooccurrence", next.map { Next.score($0, weights.nextWithoutCooccurrence) })
        add("newest", candidates.map { Double(log.notes[$0].created) })
        add(
            "most_recently_active",
            candidates.map { id in
                past.filter { $0.note == log.notes[id].id }.map { Double($0.time) }.max() ?? -1
            })
        add(
            "popularity_7d",
            candidates.map { id in
                let recent = past.count { $0.note == log.notes[id].id && $0.time >= test.time - 7 * 86_400_000 }
                return Double(recent) * 1e13 + Double(log.notes[id].created)
            })
        return ranks
    }

    private func number(_ id: [UInt8]) -> Int { log.notes.firstIndex { $0.id == id } ?? -1 }

    private func events(_ test: EngagementTest, _ past: [LoggedClick]) -> [ClickEvent] {
        past.map { .click(user: $0.user, note: $0.note, time: $0.time) } + [.tick(time: test.time)]
    }

    private func pairScores(_ test: EngagementTest, _ past: [LoggedClick]) -> [Int: Int64] {
        var sums: [Int: Int64] = [:]
        for (pair, sum) in BatchFormula.pairs(of: events(test, past), window)
        where pair.source == log.notes[test.note].id {
            sums[number(pair.target), default: 0] += sum.score
        }
        return sums
    }

    private func activity(_ test: EngagementTest, _ past: [LoggedClick]) -> [Int: NoteState] {
        var states: [Int: NoteState] = [:]
        for (number, note) in log.notes.enumerated() { states[number] = NoteState(created: note.created) }
        let now = test.time / 3_600_000
        for (place, count) in BatchFormula.activity(of: events(test, past), window) {
            let number = number(place.note)
            guard var state = states[number] else { continue }
            state.clicks += count
            if place.hour > now - 24 { state.recentClicks += count }
            state.lastActive = max(state.lastActive ?? .min, place.hour * 3_600_000)
            states[number] = state
        }
        return states
    }

    private func cosine(_ first: Int, _ second: Int) -> Float {
        func unit(_ vector: [Float]) -> [Float] {
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return vector.map { $0 / length }
        }
        return zip(unit(embeddings[first]), unit(embeddings[second])).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The lexical share of each candidate for A's terms, by an index freshly built from the notes that were there.
    private func bm25(_ test: EngagementTest, _ candidates: [Int]) -> [Int: Double] {
        guard let content = try? ContentFeatures(log, embeddings: []) else { return [:] }
        let count = candidates.count
        try? content.index(upTo: max(count, test.note + 1))
        let pairs = content.pairs(of: test.note, count: count)
        return Dictionary(uniqueKeysWithValues: candidates.map { ($0, pairs[$0].lexical) })
    }
}
