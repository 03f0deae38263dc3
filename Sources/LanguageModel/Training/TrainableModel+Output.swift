import Tensors

/// A token to be written, and behind which row of the sequence.
package struct TokenTarget: Sendable, Equatable {
    /// The row whose state the token is predicted from.
    package let row: Int
    /// The token.
    package let token: Int32

    /// A token to be written behind a row.
    package init(row: Int, token: Int32) {
        self.row = row
        self.token = token
    }
}

extension TrainableModel {
    /// The output norm of each row, rows × width: the last hidden state of the last layer.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func normalised(
        _ residual: Matrix<Scalar>
    ) -> Matrix<Scalar> {
        withNorm(residual) { x, weight, y in
            RMSNorm.forward(
                x, rows: residual.rows, width: residual.columns, weight: weight, epsilon: configuration.epsilon, into: y
            )
        }
    }

    /// The gradient of `residual` whose output norm has the gradient `gradient`; both rows × width.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func normalisedBackward(
        _ residual: Matrix<Scalar>, gradient: Matrix<Scalar>
    ) -> Matrix<Scalar> {
        withNorm(residual) { x, weight, dX in
            gradient.withElements { dY in
                guard let dY = dY.baseAddress else { return }
                RMSNorm.backward(
                    x, rows: residual.rows, width: residual.columns, weight: weight, epsilon: configuration.epsilon,
                    dY: dY, addingTo: dX)
            }
        }
    }

    /// The negative log-likelihood of tokens, −Σ log softmax(head · norm(x)), summed over `targets`, and `weight` times its
    /// gradient with respect to x, the residual stream after the last layer (rows × width).
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func tokenLoss(
        _ residual: Matrix<Scalar>, targets: [TokenTarget], weight: Scalar
    ) -> (loss: Scalar, gradient: Matrix<Scalar>) {
        guard let head else { preconditionFailure("a model made to write has a head") }
        let picked = Matrix(targets.map { residual.row($0.row) })
        // targets × vocabulary: logits, then their gradient
        var scores = normalised(picked).timesTransposed(head)
        var loss: Scalar = 0
        for (row, target) in targets.enumerated() {
            loss += scores.withMutableRow(row) { crossEntropy($0, token: Int(target.token), weight: weight) }
        }
        let pickedGradient = normalisedBackward(picked, gradient: scores.times(head))
        var gradient = Matrix<Scalar>(rows: residual.rows, columns: residual.columns)
        for (row, target) in targets.enumerated() {
            gradient.withMutableRow(target.row) { sum in
                pickedGradient.withRow(row) { part in for i in sum.indices { sum[i] += part[i] } }
            }
        }
        return (loss, gradient)
    }

    /// −log softmax(x)[token]; x becomes weight · (softmax(x) − one at the token).
    private func crossEntropy(_ x: UnsafeMutableBufferPointer<Scalar>, token: Int, weight: Scalar) -> Scalar {
        var peak = x[0]
        for value in x { peak = max(peak, value) }
        let score = x[token] - peak
        var sum: Scalar = 0
        for i in x.indices {
            x[i] = Scalar.exponential(x[i] - peak)
            sum += x[i]
        }
        for i in x.indices { x[i] *= weight / sum }
        x[token] -= weight
        return Scalar.logarithm(sum) - score
    }

    private func withNorm(
        _ residual: Matrix<Scalar>,
        _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
    ) -> Matrix<Scalar> {
        Matrix(rows: residual.rows, columns: residual.columns) { target in
            residual.withElements { source in
                outputNorm.withUnsafeBufferPointer { weight in
                    guard let x = source.baseAddress, let y = target.baseAddress, let weight = weight.baseAddress else {
                        return
                    }
                    body(x, weight, y)
                }
            }
        }
    }
}
