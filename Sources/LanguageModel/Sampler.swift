import Foundation
import Tensors

/// How the next token is chosen from its logits.
public struct Sampler: Sendable {
    /// 0: the likeliest token, always. 1: the model's own distribution. Between: sharper.
    public let temperature: Float
    /// Only this many of the likeliest tokens are drawn from; some tens, for they are kept in order by insertion.
    public let topK: Int
    private var random: SplitMix64

    /// The likeliest token each time; of equals the lowest id.
    public static let greedy = Sampler(temperature: 0, topK: 1, seed: 0)

    /// Draws from softmax(logits / temperature) over the `topK` likeliest tokens. Equal seeds draw equal tokens.
    public init(temperature: Float, topK: Int = 40, seed: UInt64) {
        precondition(temperature >= 0 && topK > 0, "a temperature is not negative, and something must be drawn from")
        self.temperature = temperature
        self.topK = topK
        random = SplitMix64(seed: seed)
    }

    /// The next token for `logits` (one per token of the vocabulary, at least one).
    public mutating func choose(_ logits: [Float]) -> Int32 {
        guard temperature > 0, topK > 1 else {
            var best = 0
            for i in 1..<max(logits.count, 1) where logits[i] > logits[best] { best = i }
            return Int32(best)
        }
        let likeliest = likeliest(logits)
        let peak = Double(logits[likeliest[0]])
        let weights = likeliest.map { exp((Double(logits[$0]) - peak) / Double(temperature)) }
        var left = random.uniform() * weights.reduce(0, +)
        for (token, weight) in zip(likeliest, weights) {
            left -= weight
            if left < 0 { return Int32(token) }
        }
        return Int32(likeliest[likeliest.count - 1])
    }

    /// The `topK` likeliest tokens, likeliest first; of equals the lower id.
    private func likeliest(_ logits: [Float]) -> [Int] {
        // Nearly all tokens of a vocabulary fail the first comparison: cheaper than sorting them.
        var best: [Int] = []
        for token in logits.indices {
            if best.count == topK, logits[token] <= logits[best[topK - 1]] { continue }
            var place = best.count
            while place > 0, logits[best[place - 1]] < logits[token] { place -= 1 }
            if best.count == topK { best.removeLast() }
            best.insert(token, at: place)
        }
        return best
    }
}
