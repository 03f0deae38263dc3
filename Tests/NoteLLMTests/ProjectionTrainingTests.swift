import Foundation
import NoteLLM
import Support
import Tensors
import Testing

@Suite struct ProjectionTrainingTests {
    // MARK: - Losses

    private func objective(_ seed: UInt64, tags: Int = 3, weight: Double = 0.7) -> ProjectionObjective<Double> {
        var random = SeededGenerator(seed: seed)
        func matrix(_ rows: Int, _ columns: Int) -> Matrix<Double> {
            Matrix(
                rows: rows, columns: columns,
                elements: (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &random) })
        }
        return ProjectionObjective(
            projection: matrix(3, 6), tags: matrix(tags, 3), temperature: 0.7,
            tagPriors: (0..<tags).map { log(Double($0 + 1) / 9) }, tagWeight: weight)
    }

    private func batch(_ seed: UInt64) -> ProjectionObjective<Double>.Batch {
        var random = SeededGenerator(seed: seed)
        let notes = (0..<8).map { _ in Int.random(in: 0..<7, using: &random) }
        let pairs = (0..<4).map { TrainingPair(source: notes[$0], target: notes[$0 + 4]) }
        let states = Matrix<Double>(
            rows: 8, columns: 6, elements: (0..<48).map { _ in Double.random(in: -2...2, using: &random) })
        return .init(
            states: states, mask: ContrastiveMask(notes: notes, known: KnownPairs(pairs, notes: 7)),
            weights: (0..<4).map { _ in Double.random(in: 0.2...2, using: &random) },
            hashtags: [[0], [], [1, 2], [2], [], [0, 1], [], [1]])
    }

    /// −log softmax(10 · T·e + prior) at each of a row's hashtags, row by row.
    private func tagOracle(
        _ objective: ProjectionObjective<Double>, _ batch: ProjectionObjective<Double>.Batch, priors: [Double]
    ) -> Double {
        var losses: [Double] = []
        for (row, own) in batch.hashtags.enumerated() where !own.isEmpty {
            let raw = objective.projection.times(batch.states.row(row))
            let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let logits = zip(objective.tags.times(raw.map { $0 / length }), priors).map { 10 * $0 + $1 }
            let all = logits.reduce(0) { $0 + exp($1) }
            losses.append(own.reduce(0) { $0 - log(exp(logits[$1]) / all) } / Double(own.count))
        }
        return losses.reduce(0, +) / Double(losses.count)
    }

    @Test func theHashtagsLossEqualsTheFormula() {
        for seed in 0..<5 as Range<UInt64> {
            let (objective, batch) = (objective(seed), batch(seed + 50))
            let found = objective.evaluate(batch)
            let expected = tagOracle(objective, batch, priors: (0..<3).map { log(Double($0 + 1) / 9) })
            let error: Double = abs(found.hashtags - expected)
            #expect(error < 1e-10)
            let sum: Double = found.contrastive + 0.7 * expected
            #expect(abs(found.loss - sum) < 1e-10)
        }
    }

    @Test func gradientsEqualFiniteDifferences() {
        for seed in 0..<4 as Range<UInt64> {
            let (objective, batch) = (objective(seed), batch(seed + 50))
            let found = objective.evaluate(batch)
            func expect(_ slope: Double, _ change: (inout ProjectionObjective<Double>, Double) -> Void) {
                let step = 1e-5
                var (up, down) = (objective, objective)
                change(&up, step)
                change(&down, -step)
                let expected = (up.evaluate(batch).loss - down.evaluate(batch).loss) / (2 * step)
                let allowed: Double = 1e-5 * max(abs(expected), 1e-2)
                #expect(abs(slope - expected) <= allowed)
            }
            for i in 0..<3 {
                for j in 0..<6 { expect(found.projection[i, j]) { $0.projection[i, j] += $1 } }
                for j in 0..<3 { expect(found.tags[i, j]) { $0.tags[i, j] += $1 } }
            }
            expect(found.temperature) { $0.temperature += $1 }
        }
    }

    @Test func withoutHashtagsThereIsNoSuchLoss() {
        var batch = batch(1)
        batch.hashtags = Array(repeating: [], count: 8)
        let found = objective(1).evaluate(batch)
        #expect(found.hashtags == 0)
        #expect(found.tags.elements.allSatisfy { $0 == 0 })
        let none = objective(1, tags: 0, weight: 0).evaluate(self.batch(1))
        let weightless = objective(1, weight: 0).evaluate(self.batch(1))
        #expect(none.projection == weightless.projection)
    }

    // MARK: - Training

    /// Notes whose states hold a hidden theme in weak dimensions under strong noise: principal components miss it, pairs
    /// tell of it.
    private struct World {
        static let width = 24
        let notes: [TrainingNote]
        let states: [[Float]]
        let parent: ModelVersion
        private let themes: [Int]

        init(notes count: Int = 240, seed: UInt64 = 1) throws {
            var random = SeededGenerator(seed: seed)
            let themes = (0..<count).map { _ in Int.random(in: 0..<6, using: &random) }
            self.themes = themes
            notes = (0..<count).map { number in
                TrainingNote(
                    text: NoteText(title: "Note \(number)", content: "text \(number)"),
                    hashtags: ["theme\(themes[number] / 2)"], time: Int64(number))
            }
            states = themes.map { theme in
                (0..<Self.width).map { i in
                    let noise = Float.random(in: -1...1, using: &random) * (i < 16 ? 3 : 0.3)
                    return noise + (i == 16 + theme ? 0.8 : 0)
                }
            }
            var settings = BootstrapSettings(baseModelSHA256: "base")
            settings.dimension = 8
            parent = try Bootstrap.run(notes, states: states, settings: settings).version
        }

        /// Pairs of one theme among some of the notes.
        func pairs(_ range: Range<Int>, count: Int, seed: UInt64) -> [TrainingPair] {
            var random = SeededGenerator(seed: seed)
            var pairs: [TrainingPair] = []
            while pairs.count < count {
                let a = Int.random(in: range, using: &random)
                let b = Int.random(in: range, using: &random)
                if a != b, themes[a] == themes[b] { pairs.append(TrainingPair(source: a, target: b)) }
            }
            return pairs
        }

        /// Mean reciprocal rank of the targets among all notes.
        func meanReciprocalRank(_ version: ModelVersion, _ pairs: [TrainingPair]) -> Double {
            let embeddings = Matrix(states.map(version.embedding))
            let sum = pairs.reduce(0.0) { sum, pair in
                let cosines = embeddings.times(embeddings.row(pair.source))
                let better = cosines.indices.count { $0 != pair.source && cosines[$0] > cosines[pair.target] }
                return sum + 1 / Double(better + 1)
            }
            return sum / Double(pairs.count)
        }
    }

    private func settings(_ change: (inout ProjectionTraining.Settings) -> Void = { _ in })
        -> ProjectionTraining.Settings
    {
        var settings = ProjectionTraining.Settings()
        settings.steps = 120
        settings.batch = 32
        settings.learningRate = 5e-3
        change(&settings)
        return settings
    }

    @Test(arguments: [0, 1] as [Float]) func pairsTeachWhatNotesThatNobodyPairedShowToo(tagWeight: Float) throws {
        let world = try World()
        var training = try ProjectionTraining(
            parent: world.parent, notes: world.notes, states: world.states,
            pairs: world.pairs(0..<120, count: 300, seed: 2), settings: settings { $0.tagWeight = tagWeight })
        var steps: [ProjectionTraining.Step] = []
        while !training.isFinished { steps.append(try training.step()) }
        #expect(steps.last?.step == 120)
        let (early, late) = (steps.prefix(20).map(\.loss), steps.suffix(20).map(\.loss))
        #expect(late.reduce(0, +) < early.reduce(0, +))
        let version = try training.version(dataRange: ["clicks/0": [3, 7]])
        #expect(version.manifest.parent == world.parent.id)
        #expect(version.manifest.training?.dataRange == ["clicks/0": [3, 7]])
        #expect(version.manifest.training?.pairs == 300)
        #expect(version.hashtags == world.parent.hashtags)
        #expect(try ModelVersion(artefact: version.artefact).manifest == version.manifest)
        let unseen = world.pairs(120..<240, count: 200, seed: 3)
        let (before, after) = (
            world.meanReciprocalRank(world.parent, unseen), world.meanReciprocalRank(version, unseen)
        )
        // Forty notes of one theme are alike: telling themes apart and no more gives about .107.
        #expect(after > 1.3 * before, "\(before) became \(after)")
    }

    @Test func aCheckpointGoesOnBitByBit() throws {
        let world = try World()
        let pairs = world.pairs(0..<120, count: 100, seed: 2)
        func training(_ change: (inout ProjectionTraining.Settings) -> Void = { _ in }) throws -> ProjectionTraining {
            try ProjectionTraining(
                parent: world.parent, notes: world.notes, states: world.states, pairs: pairs,
                settings: settings {
                    $0.steps = 20
                    $0.tagWeight = 1
                    change(&$0)
                })
        }
        var whole = try training()
        while !whole.isFinished { _ = try whole.step() }
        var first = try training()
        for _ in 0..<7 { _ = try first.step() }
        var second = try training()
        try second.restore(first.checkpoint())
        #expect(second.progress == (7, 20))
        while !second.isFinished { _ = try second.step() }
        #expect(try second.checkpoint() == whole.checkpoint())
        #expect(try second.version().id == whole.version().id)

        var other = try training { $0.seed = 2 }
        #expect { try other.restore(whole.checkpoint()) } throws: { ($0 as? NoteLLMError)?.kind == .shape }
        #expect { try second.restore(Array(whole.checkpoint().dropLast(9))) } throws: {
            ($0 as? NoteLLMError)?.kind == .artefact
        }
    }

    @Test func fewPairsAreOneBatchAndNoneIsRefused() throws {
        let world = try World(notes: 40)
        func train(_ pairs: [TrainingPair]) throws -> ProjectionTraining {
            try ProjectionTraining(
                parent: world.parent, notes: world.notes, states: world.states, pairs: pairs, settings: settings())
        }
        var few = try train(world.pairs(0..<40, count: 5, seed: 1))
        for _ in 0..<5 { _ = try few.step() }
        #expect(few.progress.done == 5)
        for bad in [[], [TrainingPair(source: 0, target: 1)]] as [[TrainingPair]] {
            #expect { try train(bad) } throws: { ($0 as? NoteLLMError)?.kind == .tooFewNotes }
        }
        let outside = [TrainingPair(source: 0, target: 1), TrainingPair(source: 0, target: 40)]
        #expect { try train(outside) } throws: { ($0 as? NoteLLMError)?.kind == .shape }
    }

    @Test func theTemperatureStaysWithinItsBounds() throws {
        let world = try World(notes: 60)
        var training = try ProjectionTraining(
            parent: world.parent, notes: world.notes, states: world.states,
            pairs: world.pairs(0..<60, count: 60, seed: 1),
            settings: settings {
                $0.temperature = 3.99
                $0.learningRate = 0.5
            })
        for _ in 0..<30 { #expect((0...4).contains(try training.step().temperature)) }
    }
}
