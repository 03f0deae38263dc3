/// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014): small, seeded, the same on every machine. A value, so that a copy of
/// its state continues it.
package struct SplitMix64: RandomNumberGenerator, Sendable, Equatable {
    /// All there is to continue from.
    package var state: UInt64

    /// Equal seeds give equal sequences.
    package init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0..<1, of 53 bits.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
