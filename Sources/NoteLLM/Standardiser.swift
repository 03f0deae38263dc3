import Tensors

/// Brings every dimension of a pooled state to mean 0 and deviation 1 over the training notes. Raw states have outlier
/// dimensions hundreds of times larger than the rest.
package struct Standardiser: Sendable {
    /// One mean per dimension of the pooled state.
    package let means: [Float]
    /// One over the standard deviation; 0 where a dimension never varies, so that it says nothing.
    package let scales: [Float]

    /// Learns from `states` (notes × width).
    package init(states: Matrix<Float>) {
        means = states.columnMeans()
        scales = states.columnStandardDeviations(about: means).map { $0 > 1e-6 ? 1 / $0 : 0 }
    }

    package init(means: [Float], scales: [Float]) {
        self.means = means
        self.scales = scales
    }

    package var width: Int { means.count }

    /// (state − mean) · scale, dimension by dimension.
    package func standardised(_ state: [Float]) -> [Float] {
        precondition(state.count == width, "a pooled state of \(state.count) numbers for a model version of \(width)")
        return (0..<width).map { (state[$0] - means[$0]) * scales[$0] }
    }

    /// The same for each row of `states` (notes × width).
    package func standardised(_ states: Matrix<Float>) -> Matrix<Float> {
        var result = states
        for row in 0..<states.rows {
            result.withMutableRow(row) { values in
                for i in values.indices { values[i] = (values[i] - means[i]) * scales[i] }
            }
        }
        return result
    }
}
