import Tensors

/// Fits the linear heads on standardised states.
package enum LinearHead {
    /// Targets × width: ridge regression of the centred `targets` (notes × targets) on the standardised `states`
    /// (notes × width).
    ///
    /// - Parameter penalty: in units of states divided by √width, as in ``Kernels/dense(standardised:)``.
    package static func fit(
        standardised states: Matrix<Float>, targets: Matrix<Double>, penalty: Double
    ) throws(NoteLLMError) -> Matrix<Float> {
        var centred = targets
        _ = centred.centreColumns()
        let weights: Matrix<Double>
        do {
            weights = try Ridge.weights(
                features: Kernels.scaled(standardised: states), targets: centred, penalty: penalty)
        } catch {
            throw NoteLLMError(.numeric, "A linear head over \(states.rows) notes has no solution. \(error)")
        }
        let scale = 1 / Double(max(states.columns, 1)).squareRoot()
        return Matrix(
            rows: targets.columns, columns: states.columns,
            elements: weights.transposed().elements.map { Float($0 * scale) })
    }
}
