import Tensors

/// What simulated logs and resampling draw. None of it rests on the standard library's generators, so that a log is the
/// same under each of its releases.
extension SplitMix64 {
    /// Uniform in 0..<`bound`, which must be above zero.
    mutating func below(_ bound: Int) -> Int { min(bound - 1, Int(uniform() * Double(bound))) }

    /// True with the given probability.
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// One element; `values` must not be empty.
    mutating func pick<Element>(_ values: [Element]) -> Element { values[below(values.count)] }

    /// A place drawn in proportion to the weights, which must not all be zero.
    mutating func place(weighted weights: [Double]) -> Int {
        var draw = uniform() * weights.reduce(0, +)
        for (place, weight) in weights.enumerated() {
            draw -= weight
            if draw < 0 { return place }
        }
        return weights.count - 1
    }

    /// A shuffled copy (Fisher and Yates).
    mutating func shuffled<Element>(_ values: [Element]) -> [Element] {
        var values = values
        for place in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(place, below(place + 1)) }
        return values
    }
}
