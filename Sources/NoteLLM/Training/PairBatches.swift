import Tensors

/// The batches of a training: a function of the pairs, the seed and the step alone, so that a training that goes on from a
/// checkpoint finds the same ones.
struct PairBatches: Sendable {
    /// All pairs.
    let pairs: [TrainingPair]
    private let known: KnownPairs
    private let size: Int
    private let seed: UInt64
    /// The order of pairs in the epoch it belongs to.
    private var order: (epoch: Int, pairs: [Int])?

    /// - Parameters:
    ///   - notes: how many notes there are.
    ///   - size: pairs in a batch; fewer where there are fewer.
    /// - Throws: ``NoteLLMError`` of kind `tooFewNotes` with fewer than two pairs, or of kind `shape` when a pair names no
    ///   note.
    init(_ pairs: [TrainingPair], notes: Int, size: Int, seed: UInt64) throws(NoteLLMError) {
        guard pairs.count > 1, size > 1 else {
            throw NoteLLMError(
                .tooFewNotes,
                "\(pairs.count) pairs in batches of \(size): contrast needs two pairs in a batch. Collect more.")
        }
        let places = 0..<notes
        guard pairs.allSatisfy({ places.contains($0.source) && places.contains($0.target) }) else {
            throw NoteLLMError(.shape, "A pair names a note that is not among the \(notes) to train on.")
        }
        self.pairs = pairs
        self.size = min(size, pairs.count)
        self.seed = seed
        known = KnownPairs(pairs, notes: notes)
    }

    /// One batch of B pairs.
    struct Batch {
        /// The notes of the 2B rows; row i and row B + i are a pair.
        let rows: [Int]
        let mask: ContrastiveMask
        /// One per pair; nil: all alike.
        let weights: [Float]?
        /// For what else a step draws.
        var random: SplitMix64

        /// 2B × width: 0 for the share `dropout` of numbers that are left out, else what keeps their mean.
        mutating func dropout(_ dropout: Double, width: Int) -> Matrix<Float> {
            let kept = Float(1 / (1 - dropout))
            return Matrix(
                rows: rows.count, columns: width,
                elements: (0..<rows.count * width).map { _ in random.uniform() < dropout ? 0 : kept })
        }
    }

    /// The batch of a step. Each epoch has a seeded order of its own; the remainder that fills no batch is left out.
    mutating func batch(at step: Int) -> Batch {
        let perEpoch = pairs.count / size
        let epoch = step / perEpoch
        if order?.epoch != epoch {
            var random = SplitMix64(seed: seed &+ UInt64(epoch))
            order = (epoch, pairs.indices.shuffled(using: &random))
        }
        let first = step % perEpoch * size
        let chosen = (order?.pairs ?? [])[first..<first + size].map { pairs[$0] }
        let rows = chosen.map(\.source) + chosen.map(\.target)
        let weights = chosen.map(\.weight)
        return Batch(
            rows: rows, mask: ContrastiveMask(notes: rows, known: known),
            weights: weights.allSatisfy { $0 == weights.first } ? nil : weights,
            // Another stream of numbers than the order of pairs has.
            random: SplitMix64(seed: seed &* 0x9E37_79B9 &+ UInt64(step) &+ 1 << 40))
    }
}
