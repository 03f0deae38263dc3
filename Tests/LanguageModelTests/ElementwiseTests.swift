import Foundation
import LanguageModel
import Support
import Testing

@Suite struct ElementwiseTests {
    @Test func exponentialEqualsTheLibrarys() {
        for step in 0..<200_000 {
            let x = Float(-87 + Double(step) * (175.0 / 200_000))
            let found = Double(Elementwise.exponential(Elementwise.Lanes(repeating: x))[3])
            let expected = exp(Double(x))
            #expect(abs(found - expected) <= 2.5e-7 * expected, "at \(x)")
        }
        for x in [-88, -1000, -Float.infinity] as [Float] {
            let found = Elementwise.exponential(Elementwise.Lanes(repeating: x))[0]
            #expect(found >= 0 && found < 1e-37)
        }
    }

    @Test func rowsOfAnyLength() {
        var random = SeededGenerator(seed: 1)
        for count in 1...70 {
            let x = (0..<count).map { _ in Float.random(in: -30...30, using: &random) }
            let y = (0..<count).map { _ in Float.random(in: -3...3, using: &random) }

            var soft = x
            Elementwise.softmax(&soft, count: count)
            let peak = x.map(Double.init).max() ?? 0
            let total = x.reduce(0.0) { $0 + exp(Double($1) - peak) }
            for i in 0..<count { #expect(abs(Double(soft[i]) - exp(Double(x[i]) - peak) / total) < 1e-6) }

            var gated = x
            Elementwise.gate(&gated, y, count: count)
            for i in 0..<count {
                let expected = Double(x[i]) / (1 + exp(-Double(x[i]))) * Double(y[i])
                #expect(abs(Double(gated[i]) - expected) <= 1e-6 * max(1, abs(expected)))
            }

            var normal = x
            Elementwise.normalise(x, weight: y, epsilon: 1e-5, count: count, into: &normal)
            let scale = 1 / (x.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count) + 1e-5).squareRoot()
            for i in 0..<count { #expect(abs(Double(normal[i]) - Double(x[i]) * scale * Double(y[i])) < 1e-5) }
        }
    }

    @Test func extremesStayFinite() {
        var gate: [Float] = [-1e30, -200, -90, -87, 0, 87, 200, 1e30, -1e30]
        Elementwise.gate(&gate, Array(repeating: 1, count: 9), count: 9)
        #expect(gate.allSatisfy { $0.isFinite })
        #expect(gate[1].magnitude < 1e-30 && gate[6] == 200 && gate[7] == 1e30)
        var scores: [Float] = [-1e30, 1e30, 0, -1e30, 5, 5, 5, 5, 5]
        Elementwise.softmax(&scores, count: 9)
        #expect(scores[1] == 1 && scores[0] < 1e-30)
    }
}
