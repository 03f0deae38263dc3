/// The parts of a forward pass that are no matrix products, eight numbers at a time, each with a tail of single numbers.
///
/// Lanes are summed in a fixed order, so equal input gives equal bits.
package enum Elementwise {
    package typealias Lanes = SIMD8<Float>
    static let width = Lanes.scalarCount

    /// e^x to about 2 units in the last place, for x ≤ 88; below −87 it is e^−87, which is as good as nothing.
    ///
    /// x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r is Cephes' polynomial (`expf`) and 2^n goes into the exponent's bits.
    /// The C library's exp costs several times as much and would be a tenth of a forward pass.
    @inline(__always)
    package static func exponential(_ x: Lanes) -> Lanes {
        let x = x.replacing(with: -87, where: x .< -87)
        // Adding 1.5 · 2^23 rounds to a whole number, which then stands in the low bits.
        let shifted = x * 1.44269504 + 12_582_912
        let n = shifted - 12_582_912
        let r = (x - n * 0.693359375) + n * 2.12194440e-4
        var p = r * 1.9875691500e-4 + 1.3981999507e-3
        p = p * r + 8.3334519073e-3
        p = p * r + 4.1665795894e-2
        p = p * r + 1.6666665459e-1
        p = p * r + 5.0000001201e-1
        p = p * r * r + r + 1
        let bits = unsafeBitCast(p, to: SIMD8<Int32>.self) &+ (unsafeBitCast(shifted, to: SIMD8<Int32>.self) &<< 23)
        return unsafeBitCast(bits, to: Lanes.self)
    }

    /// RMSNorm (Zhang & Sennrich, arXiv 1910.07467): y = x / √(mean x² + epsilon) · weight, for one row.
    package static func normalise(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, count: Int,
        into y: UnsafeMutablePointer<Float>
    ) {
        var lanes = Lanes.zero
        for i in stride(from: 0, to: count - width + 1, by: width) {
            let part = load(x, i)
            lanes += part * part
        }
        var sum = lanes.sum()
        for i in count / width * width..<count { sum += x[i] * x[i] }
        let scale = 1 / (sum / Float(count) + epsilon).squareRoot()
        for i in stride(from: 0, to: count - width + 1, by: width) { store(load(x, i) * scale * load(weight, i), y, i) }
        for i in count / width * width..<count { y[i] = x[i] * scale * weight[i] }
    }

    /// gate = silu(gate) · up, where silu(x) = x / (1 + e^−x), for one row.
    package static func gate(_ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>, count: Int) {
        for i in stride(from: 0, to: count - width + 1, by: width) {
            let x = load(gate, i)
            // Where e^−x would overflow, silu is 0 beyond Float's precision.
            let negative = (-x).replacing(with: 87, where: x .< -87)
            store(x / (exponential(negative) + 1) * load(up, i), gate, i)
        }
        for i in count / width * width..<count {
            let x = gate[i]
            gate[i] = x / (exponential(Lanes(repeating: min(-x, 87)))[0] + 1) * up[i]
        }
    }

    /// Replaces x by e^(x − max) / Σ e^(x − max), for one row.
    package static func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) {
        let peak = maximum(x, count: count)
        var lanes = Lanes.zero
        for i in stride(from: 0, to: count - width + 1, by: width) {
            let part = exponential(load(x, i) - peak)
            lanes += part
            store(part, x, i)
        }
        var sum = lanes.sum()
        for i in count / width * width..<count {
            x[i] = exponential(Lanes(repeating: x[i] - peak))[0]
            sum += x[i]
        }
        let scale = 1 / sum
        for i in stride(from: 0, to: count - width + 1, by: width) { store(load(x, i) * scale, x, i) }
        for i in count / width * width..<count { x[i] *= scale }
    }

    static func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
        var lanes = Lanes(repeating: -.infinity)
        for i in stride(from: 0, to: count - width + 1, by: width) {
            let part = load(x, i)
            lanes.replace(with: part, where: part .> lanes)
        }
        var peak = lanes.max()
        for i in count / width * width..<count { peak = max(peak, x[i]) }
        return peak
    }

    @inline(__always)
    static func load(_ x: UnsafePointer<Float>, _ i: Int) -> Lanes {
        UnsafeRawPointer(x + i).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    private static func store(_ value: Lanes, _ x: UnsafeMutablePointer<Float>, _ i: Int) {
        UnsafeMutableRawPointer(x + i).storeBytes(of: value, as: Lanes.self)
    }
}
