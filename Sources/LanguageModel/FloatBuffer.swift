/// Floats at an address that stays, on a cache line's boundary.
///
/// Written by the one that makes it and only read afterwards, or owned by one thread: the types that hold one say which.
final class FloatBuffer {
    let count: Int
    let base: UnsafeMutablePointer<Float>

    /// `count` zeros.
    init(count: Int) {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.size, alignment: 64)
        base = bytes.initializeMemory(as: Float.self, repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}
