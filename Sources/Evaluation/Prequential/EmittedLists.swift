import Ranking
import StateStore

/// The lists as a subscriber would hold them, by the recommend stage's rules: emitted when the note is indexed, and again
/// when its clicks, or a new note near it, change the list materially; never because time passed. Followed only for notes
/// that a test will ask about.
struct EmittedLists {
    /// How many of a new note's nearest, by embedding and by words each, may get a new list by it.
    private static let near = 100

    private let listSize: Int
    private let weights: RelatedWeights
    private let log: EngagementLog
    private let asked: Set<Int>
    private var lists: [Int: (notes: [Int], time: Int64)] = [:]
    /// Notes created before this moment have been announced.
    private var announced: Int

    init(_ log: EngagementLog, tests: ArraySlice<EngagementTest>, weights: RelatedWeights, listSize: Int) {
        self.log = log
        self.weights = weights
        self.listSize = listSize
        asked = Set(tests.map(\.note))
        announced = tests.first.map { log.notesCreated(before: $0.time) } ?? 0
    }

    /// Emits what the notes created up to `time` change: their own lists, and those of notes near them whose list they
    /// would enter.
    mutating func announceNotes(before time: Int64, _ state: EvaluationState) throws(StoreError) {
        let count = log.notesCreated(before: time)
        while announced < count {
            let pairs = try state.pairs(of: announced, at: time)
            if asked.contains(announced) { lists[announced] = (list(pairs, excluding: announced), time) }
            let byMeaning = Ranks.best(Self.near, in: pairs.map(\.cosine), excluding: announced)
            let byWords = Ranks.best(Self.near, in: pairs.map(\.lexical), excluding: announced)
            for note in Set(byMeaning + byWords).sorted() {
                guard let list = lists[note]?.notes else { continue }
                if try mayEnter(announced, list, of: note, state) { try update([note], at: time, state) }
            }
            announced += 1
        }
    }

    /// Emits the lists of `notes` where they changed materially.
    mutating func update(_ notes: [Int], at time: Int64, _ state: EvaluationState) throws(StoreError) {
        for note in notes where asked.contains(note) && lists[note] != nil {
            let list = try fresh(note, at: time, state)
            if RelatedRanker.materialChange(old: ids(lists[note]?.notes ?? []), new: ids(list)) {
                lists[note] = (list, time)
            }
        }
    }

    /// How the list last emitted for the test's note compares with the one that would be computed now; the first time a
    /// note is asked about its list is taken as just emitted.
    mutating func compare(_ situation: Situation) -> StalenessTally.Observation {
        let note = situation.test.note
        let now = list(situation.pairs, excluding: note)
        let emitted = lists[note] ?? (notes: now, time: situation.test.time)
        lists[note] = emitted
        let difference = RelatedRanker.distance(ids(emitted.notes), ids(now))
        return StalenessTally.Observation(
            age: max(0, situation.test.time - emitted.time), difference: difference,
            freshHit: now.prefix(10).contains(situation.test.target),
            emittedHit: emitted.notes.prefix(10).contains(situation.test.target))
    }

    /// Whether a new note's text would win it a place in a list as it was last emitted.
    private func mayEnter(
        _ new: Int, _ list: [Int], of note: Int, _ state: EvaluationState
    ) throws(StoreError) -> Bool {
        guard list.count >= listSize else { return true }
        let pairs = try state.pairs(of: note, with: [new] + list)
        let scores = pairs.map { RelatedRanker.score($0, weights) }
        return scores[0] >= (scores.dropFirst().min() ?? 0)
    }

    private func fresh(_ note: Int, at time: Int64, _ state: EvaluationState) throws(StoreError) -> [Int] {
        list(try state.pairs(of: note, at: time), excluding: note)
    }

    private func list(_ pairs: [RelatedFeatures], excluding note: Int) -> [Int] {
        Ranks.best(listSize, in: pairs.map { RelatedRanker.score($0, weights) }, excluding: note)
    }

    private func ids(_ notes: [Int]) -> [[UInt8]] { notes.map { log.notes[$0].id } }
}

/// How far emitted lists lag behind the state, over the tests.
public struct StalenessTally: Sendable, Equatable {
    /// One comparison.
    struct Observation: Sendable, Equatable {
        let age: Int64
        let difference: Double
        let freshHit: Bool
        let emittedHit: Bool
    }

    private var ages: [Int64] = []
    private var differences = 0.0
    private var changed = 0
    private var freshHits = 0
    private var emittedHits = 0

    mutating func add(_ observation: Observation) {
        ages.append(observation.age)
        differences += observation.difference
        changed += observation.difference > 0 ? 1 : 0
        freshHits += observation.freshHit ? 1 : 0
        emittedHits += observation.emittedHit ? 1 : 0
    }

    private func share(_ value: Double) -> Double { ages.isEmpty ? 0 : value / Double(ages.count) }

    /// Median event time since the list was emitted, in milliseconds.
    public var medianAge: Int64 { ages.isEmpty ? 0 : ages.sorted()[ages.count / 2] }
    /// Mean of 1 − rank-biased overlap between the emitted list and the one that would be computed now.
    public var meanDifference: Double { share(differences) }
    /// Share of tests at which the two lists differ at all.
    public var changedShare: Double { share(Double(changed)) }
    /// Hit@10 by lists computed now.
    public var freshHit10: Double { share(Double(freshHits)) }
    /// Hit@10 by lists as emitted.
    public var emittedHit10: Double { share(Double(emittedHits)) }
}
