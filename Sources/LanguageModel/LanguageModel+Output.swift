import Foundation
import Tensors

extension LanguageModel {
    /// The last hidden state: the output norm of the residual stream after the last layer, row by row (rows × width).
    public func normalised(_ residual: Matrix<Float>) -> Matrix<Float> {
        precondition(residual.columns == configuration.width, "the residual stream has the model's width")
        return Matrix(rows: residual.rows, columns: residual.columns) { target in
            residual.withElements { source in
                outputNorm.withUnsafeBufferPointer { weight in
                    guard let x = source.baseAddress, let y = target.baseAddress, let weight = weight.baseAddress else {
                        return
                    }
                    for row in 0..<residual.rows {
                        Elementwise.normalise(
                            x + row * residual.columns, weight: weight, epsilon: configuration.epsilon,
                            count: residual.columns, into: y + row * residual.columns)
                    }
                }
            }
        }
    }

    /// The next token's logits after each row of the residual stream after the last layer: rows × vocabulary.
    public func logits(_ residual: Matrix<Float>) -> Matrix<Float> {
        let hidden = normalised(residual)
        let head = headWeights()
        guard hidden.rows == 1 else { return hidden.timesTransposed(head) }
        return Matrix(rows: 1, columns: configuration.vocabulary, elements: head.times(hidden.elements))
    }

    /// The next token's log-probabilities after each row of the residual stream: rows × vocabulary.
    public func logProbabilities(_ residual: Matrix<Float>) -> Matrix<Float> {
        var scores = logits(residual)
        for row in 0..<scores.rows { scores.withMutableRow(row) { LanguageModel.logSoftmax($0) } }
        return scores
    }

    /// x − log Σ e^x in place, summed in Double.
    static func logSoftmax(_ x: UnsafeMutableBufferPointer<Float>) {
        guard let base = x.baseAddress else { return }
        let peak = Elementwise.maximum(base, count: x.count)
        var sum = 0.0
        for value in x { sum += exp(Double(value - peak)) }
        let shift = peak + Float(log(sum))
        for i in x.indices { x[i] -= shift }
    }
}
