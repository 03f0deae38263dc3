import Tensors

/// RMSNorm (Zhang & Sennrich, arXiv 1910.07467), row by row: y = w ∘ x·s with s = 1/√(mean x² + epsilon).
enum RMSNorm {
    /// X and Y are rows × width, w is width long.
    static func forward<Scalar: RealScalar>(
        _ x: UnsafePointer<Scalar>, rows: Int, width: Int, weight: UnsafePointer<Scalar>, epsilon: Float,
        into y: UnsafeMutablePointer<Scalar>
    ) {
        for row in 0..<rows {
            let (x, y) = (x + row * width, y + row * width)
            let scale = inverseRoot(x, width, epsilon)
            for i in 0..<width { y[i] = x[i] * scale * weight[i] }
        }
    }

    /// Adds to dX, rows × width: with s depending on x, dX = s·(w ∘ dY) − x·s³/width·Σⱼ wⱼ·dYⱼ·xⱼ.
    static func backward<Scalar: RealScalar>(
        _ x: UnsafePointer<Scalar>, rows: Int, width: Int, weight: UnsafePointer<Scalar>, epsilon: Float,
        dY: UnsafePointer<Scalar>, addingTo dX: UnsafeMutablePointer<Scalar>
    ) {
        for row in 0..<rows {
            let (x, dY, dX) = (x + row * width, dY + row * width, dX + row * width)
            let scale = inverseRoot(x, width, epsilon)
            var along: Scalar = 0
            for i in 0..<width { along += weight[i] * dY[i] * x[i] }
            let pull = along * scale * scale * scale / Scalar(width)
            for i in 0..<width { dX[i] += scale * weight[i] * dY[i] - pull * x[i] }
        }
    }

    @inline(__always) private static func inverseRoot<Scalar: RealScalar>(
        _ x: UnsafePointer<Scalar>, _ width: Int, _ epsilon: Float
    ) -> Scalar {
        var sum: Scalar = 0
        for i in 0..<width { sum += x[i] * x[i] }
        return 1 / (sum / Scalar(width) + Scalar(epsilon)).squareRoot()
    }
}
