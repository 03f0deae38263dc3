import Foundation
import Support

/// Seeded vectors of several kinds.
struct Vectors {
    let dimension: Int
    private var generator: SeededGenerator
    private let centres: [[Float]]

    init(dimension: Int, clusters: Int = 50, seed: UInt64) {
        self.dimension = dimension
        var generator = SeededGenerator(seed: seed)
        centres = (0..<clusters).map { _ in unit((0..<dimension).map { _ in normal(&generator) }) }
        self.generator = generator
    }

    /// No structure: the hardest kind.
    mutating func isotropic() -> [Float] { unit((0..<dimension).map { _ in normal(&generator) }) }

    /// Near one of the centres.
    mutating func clustered(spread: Float = 0.12) -> [Float] {
        let centre = centres.randomElement(using: &generator) ?? []
        return unit(centre.map { $0 + spread * normal(&generator) })
    }

    /// Two dimensions that outweigh all others, as a trained projection may have.
    mutating func outlying() -> [Float] {
        var vector = clustered()
        vector[3] += 3
        vector[7] -= 2
        return unit(vector)
    }

    mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
}

/// Box and Muller.
func normal(_ generator: inout SeededGenerator) -> Float {
    let radius = (-2 * log(Double.random(in: 1e-12...1, using: &generator))).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &generator)))
}

func unit(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
    return length == 0 ? vector : vector.map { $0 / length }
}
