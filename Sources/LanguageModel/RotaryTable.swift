import Foundation
import Tensors

/// Rotary position encoding (Su et al., arXiv 2104.09864) in the interleaved form of GGUF's llama models, whose query
/// and key rows are permuted for it: columns 2i and 2i+1 of a head turn by position · base^(−2i/headWidth).
struct RotaryTable<Scalar: RealScalar> {
    /// Per position: headWidth/2 cosines, then headWidth/2 sines.
    private var values: [Scalar] = []
    private var headWidth = 0
    private var base = 0.0

    /// Prepares the rotations of positions below `positions`.
    mutating func reserve(positions: Int, headWidth: Int, base: Double) {
        if headWidth != self.headWidth || base != self.base {
            values.removeAll()
            self.headWidth = headWidth
            self.base = base
        }
        let pairs = headWidth / 2
        for position in values.count / headWidth..<max(positions, values.count / headWidth) {
            let angles = (0..<pairs).map { Double(position) * pow(base, -2 * Double($0) / Double(headWidth)) }
            values.append(contentsOf: angles.map { Scalar(cos($0)) })
            values.append(contentsOf: angles.map { Scalar(sin($0)) })
        }
    }

    /// Turns `heads` consecutive heads at `row` to `position`.
    func rotate(_ row: UnsafeMutablePointer<Scalar>, heads: Int, position: Int) {
        turn(row, heads: heads, position: position, direction: 1)
    }

    /// Turns `heads` consecutive heads at `row` back from `position`: the transpose of ``rotate(_:heads:position:)``,
    /// which takes the gradient of what came out to that of what went in.
    func rotateBack(_ row: UnsafeMutablePointer<Scalar>, heads: Int, position: Int) {
        turn(row, heads: heads, position: position, direction: -1)
    }

    @inline(__always)
    private func turn(_ row: UnsafeMutablePointer<Scalar>, heads: Int, position: Int, direction: Scalar) {
        let pairs = headWidth / 2
        values.withUnsafeBufferPointer { table in
            let at = position * headWidth
            for head in 0..<heads {
                let columns = row + head * headWidth
                for i in 0..<pairs {
                    let (cosine, sine) = (table[at + i], direction * table[at + pairs + i])
                    let (even, odd) = (columns[2 * i], columns[2 * i + 1])
                    columns[2 * i] = even * cosine - odd * sine
                    columns[2 * i + 1] = even * sine + odd * cosine
                }
            }
        }
    }
}
