import Foundation
import Tensors

/// A text that can be gone on with in many ways: what a search asks for the next token's log-probabilities.
package protocol ContinuationReader {
    /// The log-probability of each token right behind the text.
    var first: [Float] { get }

    /// Takes in one token for each of `parents`, a number of a token taken in before or nil for the text itself, and gives
    /// the log-probability of each token behind each of them: tokens × vocabulary. Tokens are numbered in their order.
    mutating func read(_ tokens: [Int32], under parents: [Int?]) throws(NoteLLMError) -> Matrix<Float>

    /// Forgets all tokens taken in; the next one is number 0 again.
    mutating func forget()
}

/// log(e^x + e^y + …) of some log-probabilities.
package enum LogSum {
    package static func of(_ values: some Sequence<Double>) -> Double {
        let values = Array(values)
        guard let peak = values.max(), peak > -.infinity else { return -.infinity }
        return peak + log(values.reduce(0) { $0 + exp($1 - peak) })
    }
}
