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
        // All bits zero is 0, and filling bytes is faster than filling numbers of a generic type.
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        base = bytes.bindMemory(to: Scalar.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}

typealias FloatBuffer = AlignedBuffer<Float>
