import Tensors

/// Numbers at an address that stays, on a cache line's boundary.
///
/// Written by the one that makes it and only read afterwards, or owned by one thread: the types that hold one say which.
final class AlignedBuffer<Scalar: RealScalar> {
    let count: Int
    let base: UnsafeMutablePointer<Scalar>

    /// `count` zeros.
    init(count: Int) {
        let size = max(count, 1) * MemoryLayout<Scalar>.stride
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        base = bytes.initializeMemory(as: Scalar.self, repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}

typealias FloatBuffer = AlignedBuffer<Float>
