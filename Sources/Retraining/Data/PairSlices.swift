import CoOccurrence
import Evaluation
import NoteLLM

/// The pairs of each slice, by the notes' numbers in a snapshot. A pair that an earlier slice knows, in either direction,
/// is no test any more.
public struct PairSlices: Sendable, Equatable {
    /// To learn from while settings are chosen.
    public var train: [TrainingPair]
    /// To choose settings on.
    public var choose: [TrainingPair]
    /// To learn from once they are chosen: from the whole time before the gate's slice.
    public var refit: [TrainingPair]
    /// For the gate.
    public var gate: [TrainingPair]

    /// From clicks: each slice's pairs come of clicks within it.
    public init(_ snapshot: Snapshot, _ slices: TimeSlices, settings: TrainingPairs.Settings = .init()) {
        let numbers = Dictionary(
            snapshot.notes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        func pairs(_ range: Range<Int64>) -> [TrainingPair] {
            TrainingPairs(of: snapshot.clicks, during: range, settings: settings) { numbers[$0] != nil }.numbered(
                numbers)
        }
        let refit = pairs(slices.refitRange)
        self.init(
            train: pairs(slices.trainRange), choose: pairs(slices.chooseRange), refit: refit,
            gate: pairs(slices.gateRange))
    }

    /// From a file: by the pairs' times where all have one, else by a hash of the note, 70 : 15 : 15, so that a note's
    /// pairs stay together.
    public init(_ file: PairFile, _ notes: [LoggedNote]) throws(RetrainError) {
        let numbers = Dictionary(notes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let known = file.pairs.compactMap { line -> (pair: TrainingPair, time: Int64?)? in
            guard let source = numbers[line.note], let target = numbers[line.related], source != target else {
                return nil
            }
            return (TrainingPair(source: source, target: target, weight: Float(line.weight)), line.time)
        }
        let times = known.compactMap(\.time).sorted()
        let places: [Int]  // 0 train, 1 choose, 2 gate
        if times.count == known.count, let slices = TimeSlices(times: times) {
            places = known.map { ($0.time ?? 0) < slices.choose ? 0 : ($0.time ?? 0) < slices.gate ? 1 : 2 }
        } else {
            places = known.map { line in
                let share = ContentHash(NoteText(title: String(decoding: notes[line.pair.source].id, as: UTF8.self)))
                    .bytes[0]
                return share < 179 ? 0 : share < 218 ? 1 : 2
            }
        }
        func pairs(_ wanted: Set<Int>) -> [TrainingPair] {
            zip(known, places).filter { wanted.contains($0.1) }.map(\.0.pair)
        }
        self.init(train: pairs([0]), choose: pairs([1]), refit: pairs([0, 1]), gate: pairs([2]))
        guard !train.isEmpty, !choose.isEmpty, !gate.isEmpty else {
            throw RetrainError(
                .data,
                "Of the \(file.pairs.count) pairs in \(file.path) \(known.count) name notes that are there: too few to "
                    + "learn from, choose and judge. Publish the notes first, or give more pairs.")
        }
    }

    private init(train: [TrainingPair], choose: [TrainingPair], refit: [TrainingPair], gate: [TrainingPair]) {
        self.train = train
        self.choose = Self.unseen(choose, by: train)
        self.refit = refit
        self.gate = Self.unseen(gate, by: refit + train)
    }

    /// Without pairs to learn from that name a note from behind the first `count`: what the gate judges is not learned.
    package func keepingLearned(below count: Int) -> PairSlices {
        var kept = self
        kept.train.removeAll { $0.source >= count || $0.target >= count }
        kept.refit.removeAll { $0.source >= count || $0.target >= count }
        return kept
    }

    private static func unseen(_ pairs: [TrainingPair], by known: [TrainingPair]) -> [TrainingPair] {
        struct Ends: Hashable {
            let low: Int
            let high: Int
            init(_ pair: TrainingPair) {
                low = min(pair.source, pair.target)
                high = max(pair.source, pair.target)
            }
        }
        let seen = Set(known.map(Ends.init))
        return pairs.filter { !seen.contains(Ends($0)) }
    }
}
