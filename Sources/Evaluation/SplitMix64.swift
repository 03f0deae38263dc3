/// A seeded generator that gives the same numbers on every machine and with every standard library (Steele, Lea and
/// Flood 2014): simulated logs and resampling are reproducible by seed.
struct SplitMix64: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in 0..<`bound`, which must be above zero.
    mutating func below(_ bound: Int) -> Int { min(bound - 1, Int(unit() * Double(bound))) }

    /// True with the given probability.
    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// One element; `values` must not be empty.
    mutating func pick<Element>(_ values: [Element]) -> Element { values[below(values.count)] }

    /// A place drawn in proportion to the weights, which must not all be zero.
    mutating func place(weighted weights: [Double]) -> Int {
        var draw = unit() * weights.reduce(0, +)
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
