import NoteLLM
import Support
import Tensors
import Testing

@Suite struct OutOfFoldTests {
    @Test func foldsAreStretchesThatCoverAll() {
        for count in [1, 4, 5, 6, 23, 100] {
            let folds = OutOfFold(count: count).folds
            #expect(folds.flatMap(Array.init) == Array(0..<count))
            #expect(folds.allSatisfy { !$0.isEmpty } && folds.count == min(5, count))
        }
        #expect(OutOfFold(count: 0).folds.isEmpty)
    }

    /// Oracle: a linear head fitted on the other notes.
    @Test func predictionsAreThoseOfAHeadThatHasNotSeenTheFold() throws {
        let states = randomStates(rows: 23, columns: 6, seed: 2)
        let targets = Self.targets(rows: 23)
        let outOfFold = OutOfFold(count: 23)
        let found = try outOfFold.ridge(
            kernel: Kernels.dense(standardised: states), targets: targets, penalty: 0.9)
        for fold in outOfFold.folds {
            let training = (0..<23).filter { !fold.contains($0) }
            let trainingTargets = Matrix<Double>(training.map { targets.row($0) })
            let head = try LinearHead.fit(
                standardised: Matrix<Float>(training.map { states.row($0) }), targets: trainingTargets, penalty: 0.9)
            let means = trainingTargets.columnMeans()
            for note in fold {
                let scores = head.times(states.row(note))
                for target in 0..<3 {
                    #expect(abs(found[note, target] - Double(scores[target]) - means[target]) < 1e-4)
                }
            }
        }
    }

    @Test func aNotesOwnLabelsDoNotReachItsPrediction() throws {
        let states = randomStates(rows: 20, columns: 6, seed: 3)
        let outOfFold = OutOfFold(count: 20)
        let kernel = Kernels.dense(standardised: states)
        let targets = Self.targets(rows: 20)
        let before = try outOfFold.ridge(kernel: kernel, targets: targets, penalty: 1)
        var changed = targets
        for note in outOfFold.folds[2] { for target in 0..<3 { changed[note, target] = 1 - changed[note, target] } }
        let after = try outOfFold.ridge(kernel: kernel, targets: changed, penalty: 1)
        for note in 0..<20 {
            #expect((before.row(note) == after.row(note)) == outOfFold.folds[2].contains(note))
        }
    }

    @Test func theBestPenaltyHasTheLeastError() throws {
        let states = randomStates(rows: 40, columns: 6, seed: 4)
        let kernel = Kernels.dense(standardised: states)
        let targets = Self.targets(rows: 40)
        let outOfFold = OutOfFold(count: 40)
        let penalties = [0.01, 1, 100.0]
        func error(_ penalty: Double) throws -> Double {
            zip(try outOfFold.ridge(kernel: kernel, targets: targets, penalty: penalty).elements, targets.elements)
                .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        let best = try outOfFold.bestRidge(kernel: kernel, targets: targets, penalties: penalties)
        #expect(try penalties.allSatisfy { try error(best.penalty) <= error($0) })
    }

    @Test func theMixIsFoundAgain() throws {
        var random = SeededGenerator(seed: 5)
        var fit = MixFit(prior: [1, 1, 1], strength: 1e-6)
        for _ in 0..<2_000 {
            let scores = (0..<3).map { _ in Double.random(in: -1...1, using: &random) }
            // The second part points the wrong way: it must be left out, not subtracted.
            fit.add(scores, target: 0.3 * scores[0] - 0.5 * scores[1] + 0.9 * scores[2])
        }
        let weights = try fit.weights()
        #expect(weights[1] == 0)
        #expect(abs(weights[0] - 0.3) < 0.05 && abs(weights[2] - 0.9) < 0.05)
    }

    @Test func withoutDataTheMixIsThePrior() throws {
        let weights = try MixFit(prior: [0.35, 0.3, 0.6], strength: 20).weights()
        for (found, expected) in zip(weights, [0.35, 0.3, 0.6]) { #expect(abs(found - expected) < 1e-12) }
        var fit = MixFit(prior: [0.5], strength: 2)
        fit.add([1], target: 1)
        fit.add([1], target: 1)
        // (2 · 0.5 + 2) / (2 + 2)
        #expect(abs(try fit.weights()[0] - 0.75) < 1e-12)
    }

    static func targets(rows: Int) -> Matrix<Double> {
        var random = SeededGenerator(seed: 11)
        return Matrix((0..<rows).map { _ in (0..<3).map { _ in Double(Int.random(in: 0...1, using: &random)) } })
    }
}
