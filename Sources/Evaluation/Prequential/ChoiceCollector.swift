import Ranking
import Tensors

/// Gathers the first half's tests as choices, and fits the weights of all learned rankings on them.
struct ChoiceCollector {
    private let settings: PrequentialSettings
    /// The tests that are used.
    private let wanted: Set<Int>
    private var choices = ChoiceSet(columns: NextWeights.parts.count)
    private var generator: SplitMix64

    /// - Parameter tests: the first half's.
    init(_ tests: ArraySlice<EngagementTest>, settings: PrequentialSettings) {
        self.settings = settings
        generator = SplitMix64(seed: settings.seed)
        let usable = tests.indices.dropFirst(Int(Double(tests.count) * settings.warmUp))
        let stride = max(1, (usable.count + settings.maximumChoices - 1) / max(1, settings.maximumChoices))
        wanted = Set(usable.enumerated().filter { $0.offset % stride == 0 }.map(\.element))
    }

    /// How many choices were gathered.
    var count: Int { choices.count }

    /// Whether the test at this place is used.
    func wants(_ place: Int) -> Bool { wanted.contains(place) }

    /// Adds one test: the target chosen among the other notes.
    mutating func add(_ situation: Situation) {
        let target = situation.test.target
        var others = (0..<situation.count).filter { $0 != target && $0 != situation.test.note }
        if others.count > settings.maximumCandidates {
            for place in 0..<settings.maximumCandidates {
                others.swapAt(place, place + generator.below(others.count - place))
            }
            others.removeLast(others.count - settings.maximumCandidates)
        }
        let rows = ([target] + others).flatMap { situation.next[$0].columns.map { Float($0) } }
        choices.append(rows: rows, chosen: 0)
    }

    /// The fitted weights. Text and co-occurrence never count against a note.
    func fit() throws(WeightFitError) -> ListWeights {
        let pair: Set<Int> = [0, 1, 2]
        let next = settings.prior?.next.columns
        func weights(without held: Set<Int>, prior: [Double]?) throws(WeightFitError) -> [Double] {
            try WeightFit(penalty: settings.penalty, nonNegative: pair, heldAtZero: held, prior: prior).fit(choices)
                .weights
        }
        let time = Set(pair.count..<NextWeights.parts.count)
        var fitted = ListWeights()
        let related = try weights(without: time, prior: settings.prior?.related.columns)
        fitted.related = RelatedWeights(columns: Array(related.prefix(pair.count)))
        fitted.next = NextWeights(columns: try weights(without: [], prior: next))
        fitted.nextWithoutText = NextWeights(columns: try weights(without: [0, 1], prior: next))
        fitted.nextWithoutCooccurrence = NextWeights(columns: try weights(without: [2], prior: next))
        return fitted
    }
}
