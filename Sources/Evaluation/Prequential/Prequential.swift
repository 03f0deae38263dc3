import CoOccurrence
import Ranking
import StateStore

/// How the prequential evaluation runs.
public struct PrequentialSettings: Sendable {
    /// The click windows.
    public var window: WindowSettings
    /// Notes of each kind in a trending record.
    public var trendingSize: Int
    /// Notes in an emitted list.
    public var listSize: Int
    /// Strength of the fit's penalty, in choices. Chosen on the beer log's first half by rolling splits.
    public var penalty: Double
    /// The weights that the fit's penalty draws towards, as a model version's are for its successor; nil: zero.
    public var prior: ListWeights?
    /// Share of the first half's tests left out of the fit, while windows fill.
    public var warmUp: Double
    /// The fit uses at most this many choices, spread evenly.
    public var maximumChoices: Int
    /// The fit uses at most this many candidates a choice, drawn at random, which leaves its weights consistent
    /// (McFadden 1978).
    public var maximumCandidates: Int
    /// Seed of all drawing.
    public var seed: UInt64
    /// Whether emitted lists are followed, which costs about as much as the rest.
    public var followsEmittedLists: Bool

    /// Settings, by default the pipeline's.
    public init(
        window: WindowSettings = .standard, trendingSize: Int = NextContext.depth, listSize: Int = 20,
        penalty: Double = 10, prior: ListWeights? = nil, warmUp: Double = 0.1, maximumChoices: Int = 5000,
        maximumCandidates: Int = 1000,
        seed: UInt64 = 1, followsEmittedLists: Bool = true
    ) {
        self.window = window
        self.trendingSize = trendingSize
        self.listSize = listSize
        self.penalty = penalty
        self.prior = prior
        self.warmUp = warmUp
        self.maximumChoices = maximumChoices
        self.maximumCandidates = maximumCandidates
        self.seed = seed
        self.followsEmittedLists = followsEmittedLists
    }
}

/// The weights of all learned rankings.
public struct ListWeights: Sendable, Equatable {
    /// Of a note's own list.
    public var related: RelatedWeights
    /// Of what is touched next.
    public var next: NextWeights
    /// Of `next` with neither cosine nor lexical share.
    public var nextWithoutText: NextWeights
    /// Of `next` without co-occurrence.
    public var nextWithoutCooccurrence: NextWeights

    /// Weights that were not fitted here: the ablations are `next` with parts set to zero.
    public init(related: RelatedWeights = RelatedWeights(), next: NextWeights = NextWeights()) {
        self.related = related
        self.next = next
        nextWithoutText = next
        nextWithoutText.cosine = 0
        nextWithoutText.lexical = 0
        nextWithoutCooccurrence = next
        nextWithoutCooccurrence.cooccurrence = 0
    }

    /// Weights as a model version holds them.
    public init(_ weights: [String: [String: Double]]) {
        self.init(
            related: RelatedWeights(weights[RelatedWeights.name] ?? [:]),
            next: NextWeights(weights[NextWeights.name] ?? [:]))
    }

    /// The weights for a model version.
    public var dictionary: [String: [String: Double]] {
        [RelatedWeights.name: related.dictionary, NextWeights.name: next.dictionary]
    }
}

/// What the walk found.
public struct PrequentialResult: Sendable {
    /// The learned rankings' tallies and the floors', by name.
    public internal(set) var tallies: [String: Tally] = [:]
    /// The user of each test, for resampling.
    package internal(set) var users: [Int] = []
    /// The weights that ranked the second half.
    public internal(set) var weights = ListWeights()
    /// Choices that the fit saw; 0 without a fit.
    public internal(set) var choices = 0
    /// How emitted lists compared; nil when they were not followed.
    public internal(set) var staleness: StalenessTally?

    /// How many tests the second half held.
    public var count: Int { users.count }
}

/// Test, then train: walks the log once; before each line of the second half asks every ranking where the note that is
/// engaged with next stands. The first half fits the weights.
public struct Prequential {
    /// The names of the learned rankings, in the order of the report.
    public static let learned = ["related", "next", "next_without_text", "next_without_cooccurrence"]

    private let log: EngagementLog
    private let embeddings: [[Float]]
    private let settings: PrequentialSettings

    /// - Parameters:
    ///   - log: notes and clicks.
    ///   - embeddings: one vector per note of `log.notes`; empty for none.
    ///   - settings: windows, fit, seed.
    public init(_ log: EngagementLog, embeddings: [[Float]], settings: PrequentialSettings = PrequentialSettings()) {
        self.log = log
        self.embeddings = embeddings
        self.settings = settings
    }

    /// Walks the log.
    ///
    /// - Parameters:
    ///   - weights: nil fits them on the first half.
    ///   - progress: lines done, lines in all.
    public func run(
        weights: ListWeights? = nil, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(EvaluationError) -> PrequentialResult {
        do {
            return try walk(weights, progress)
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as WeightFitError {
            throw .fit(error)
        } catch {
            throw .unexpected(String(describing: error))
        }
    }

    private func walk(_ given: ListWeights?, _ progress: ((Int, Int) -> Void)?) throws -> PrequentialResult {
        let tests = log.tests
        let firstOfSecondHalf = tests.firstIndex { $0.line >= log.half } ?? tests.count
        let state = try EvaluationState(log, embeddings: embeddings, settings: settings)
        var collector = ChoiceCollector(tests[..<firstOfSecondHalf], settings: settings)
        var floors = Floors(log)
        var result = PrequentialResult()
        var emitted: EmittedLists?
        var nextTest = 0
        for line in log.clicks.indices {
            if line == log.half {
                result.weights = try given ?? collector.fit()
                result.choices = given == nil ? collector.count : 0
                _ = state.takeChangedRows()
                if settings.followsEmittedLists {
                    emitted = EmittedLists(
                        log, tests: tests[firstOfSecondHalf...], weights: result.weights.related,
                        listSize: settings.listSize)
                    result.staleness = StalenessTally()
                }
            }
            let time = log.clicks[line].time
            floors.advance(to: time)
            try state.advance(to: time)
            try emitted?.announceNotes(before: time, state)
            try emitted?.update(state.takeChangedRows(), at: time, state)
            if nextTest < tests.count, tests[nextTest].line == line {
                if line >= log.half {
                    let situation = try state.situation(of: tests[nextTest])
                    result.judge(situation, floors, state.content)
                    if let observation = emitted?.compare(situation) { result.staleness?.add(observation) }
                } else if given == nil, collector.wants(nextTest) {
                    collector.add(try state.situation(of: tests[nextTest]))
                }
                nextTest += 1
            }
            try state.apply(line: line)
            floors.apply(line: line)
            try emitted?.update(state.takeChangedRows(), at: time, state)
            if line % 64 == 63 || line == log.clicks.count - 1 { progress?(line + 1, log.clicks.count) }
        }
        return result
    }
}

extension PrequentialResult {
    /// Asks every ranking.
    fileprivate mutating func judge(_ situation: Situation, _ floors: Floors, _ content: ContentFeatures) {
        users.append(situation.test.user)
        func add<Score: Comparable>(_ name: String, _ scores: [Score]) {
            tallies[name, default: Tally()].add(scores, situation, content)
        }
        let count = situation.count
        add("related", situation.pairs.map { RelatedRanker.score($0, weights.related) })
        add("next", situation.next.map { Next.score($0, weights.next) })
        add("next_without_text", situation.next.map { Next.score($0, weights.nextWithoutText) })
        add("next_without_cooccurrence", situation.next.map { Next.score($0, weights.nextWithoutCooccurrence) })
        add("tfidf", floors.similarity(to: situation.test.note, count: count))
        add("popularity_7d", floors.popularity(count: count))
        add("newest", floors.newest(count: count))
        add("most_recently_active", floors.recency(count: count))
    }
}
