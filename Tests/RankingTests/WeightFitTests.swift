import Foundation
import Ranking
import Support
import Testing

@Suite("Fitting weights")
struct WeightFitTests {
    /// Choices drawn from a conditional logit with the given weights.
    private func planted(_ weights: [Double], choices: Int, seed: UInt64) -> ChoiceSet {
        var generator = SeededGenerator(seed: seed)
        var set = ChoiceSet(columns: weights.count)
        for _ in 0..<choices {
            let count = Int.random(in: 2...30, using: &generator)
            let rows = (0..<count * weights.count).map { _ in Float.random(in: -1...1, using: &generator) }
            let scores = (0..<count).map { row in
                weights.indices.reduce(0.0) { $0 + weights[$1] * Double(rows[row * weights.count + $1]) }
            }
            let total = scores.reduce(0.0) { $0 + exp($1) }
            var draw = Double.random(in: 0..<total, using: &generator)
            let chosen = scores.firstIndex { score in
                draw -= exp(score)
                return draw < 0
            }
            set.append(rows: rows, chosen: chosen ?? count - 1)
        }
        return set
    }

    @Test("Planted weights come back, and the same data give the same bits")
    func recovers() throws {
        let truth = [2.0, -1.0, 0.0, 0.5]
        let choices = planted(truth, choices: 6000, seed: 1)
        let fitted = try WeightFit(penalty: 1).fit(choices)
        for (found, planted) in zip(fitted.weights, truth) { #expect(abs(found - planted) < 0.12) }
        #expect(fitted.iterations < 20)
        #expect(try WeightFit(penalty: 1).fit(choices) == fitted)
    }

    @Test("Gradient and curvature agree with finite differences")
    func derivatives() {
        let likelihood = ChoiceLikelihood(planted([1, -1, 0.3], choices: 40, seed: 2), penalty: 3)
        let point = [0.4, 0.1, -0.7]
        let exact = likelihood.evaluate(point)
        #expect(abs(exact.value - likelihood.value(point)) < 1e-9)
        let step = 1e-5
        for column in point.indices {
            var (above, below) = (point, point)
            above[column] += step
            below[column] -= step
            let slope = (likelihood.value(above) - likelihood.value(below)) / (2 * step)
            #expect(abs(slope - exact.gradient[column]) < 1e-5)
            let (high, low) = (likelihood.evaluate(above).gradient, likelihood.evaluate(below).gradient)
            for other in point.indices {
                let curvature = -(high[other] - low[other]) / (2 * step)
                #expect(abs(curvature - exact.curvature[column * 3 + other]) < 1e-4)
            }
        }
    }

    @Test("At the optimum the gradient vanishes; a column held at zero would have gone negative")
    func optimum() throws {
        let choices = planted([1.5, -0.8, 0.7], choices: 800, seed: 3)
        let free = try WeightFit().fit(choices)
        let gradient = ChoiceLikelihood(choices, penalty: 10).evaluate(free.weights).gradient
        #expect(gradient.allSatisfy { abs($0) < 1e-3 })
        let bounded = try WeightFit(nonNegative: [0, 1]).fit(choices)
        #expect(bounded.weights[1] == 0 && bounded.weights[0] > 0)
        let atBound = ChoiceLikelihood(choices, penalty: 10).evaluate(bounded.weights).gradient
        #expect(abs(atBound[0]) < 1e-3 && abs(atBound[2]) < 1e-3 && atBound[1] < 0)
        #expect(bounded.logLikelihood < free.logLikelihood)
    }

    @Test("A strong penalty holds weights back; separable and constant columns stay finite")
    func penalty() throws {
        let choices = planted([2, -2], choices: 300, seed: 4)
        let weak = try WeightFit(penalty: 0.01).fit(choices)
        let strong = try WeightFit(penalty: 10_000).fit(choices)
        #expect(strong.weights.allSatisfy { abs($0) < 0.2 })
        #expect(abs(weak.weights[0]) > abs(strong.weights[0]))

        var separable = ChoiceSet(columns: 2)
        for _ in 0..<50 { separable.append(rows: [1, 5, 0, 5, -1, 5], chosen: 0) }
        let bounded = try WeightFit(penalty: 1).fit(separable)
        #expect(bounded.weights[0] > 1 && bounded.weights[0] < 20)
        #expect(bounded.weights[1] == 0)

        var twins = ChoiceSet(columns: 2)
        for _ in 0..<50 { twins.append(rows: [1, 1, 0, 0, 2, 2], chosen: 0) }
        let shared = try WeightFit(penalty: 1).fit(twins).weights
        #expect(abs(shared[0] - shared[1]) < 1e-6)
        #expect(throws: WeightFitError.dependentColumns) { try WeightFit(penalty: 0).fit(twins) }
    }

    @Test("A prior is where a strong penalty leads, and where a column that never varies stays")
    func prior() throws {
        let choices = planted([2, -2], choices: 300, seed: 4)
        let prior = [0.7, 1.3]
        let strong = try WeightFit(penalty: 1e7, prior: prior).fit(choices)
        #expect(zip(strong.weights, prior).allSatisfy { abs($0 - $1) < 0.01 })
        let fitted = try WeightFit(prior: prior).fit(choices)
        let gradient = ChoiceLikelihood(choices, penalty: 10, prior: prior).evaluate(fitted.weights).gradient
        #expect(gradient.allSatisfy { abs($0) < 1e-3 } && fitted.weights[1] < 0)
        let held = try WeightFit(nonNegative: [1], heldAtZero: [0], prior: prior).fit(choices)
        #expect(held.weights == [0, 0])

        var constant = ChoiceSet(columns: 2)
        for _ in 0..<50 { constant.append(rows: [1, 5, 0, 5], chosen: 0) }
        #expect(try WeightFit(prior: prior).fit(constant).weights[1] == 1.3)
    }

    @Test("Nothing to learn from is an error; malformed choices are ignored")
    func malformed() {
        var choices = ChoiceSet(columns: 2)
        choices.append(rows: [1, 2, 3], chosen: 0)
        choices.append(rows: [1, 2], chosen: 1)
        choices.append(rows: [1, .nan], chosen: 0)
        #expect(choices.count == 0 && choices.rows == 0)
        #expect(throws: WeightFitError.noChoices) { try WeightFit().fit(choices) }
    }
}
