#if canImport(Glibc)
    import Glibc
#endif

/// A growing block of plain values, aligned to cache lines and, once large, in huge pages: the graph is read at random, and
/// most of such a read's time is the look-up of its page.
struct Slab<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var capacity: Int

    init() {
        capacity = 0
        base = Self.allocate(0)
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }

    /// Makes room for `count` values; new ones are `initial`. Pointers taken before are void.
    mutating func reserve(_ count: Int, initial: Element) {
        guard count > capacity else { return }
        let grown = max(count, capacity + capacity / 2)
        let block = Self.allocate(grown)
        block.update(from: base, count: capacity)
        (block + capacity).update(repeating: initial, count: grown - capacity)
        UnsafeMutableRawPointer(base).deallocate()
        base = block
        capacity = grown
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Element> {
        let hugePage = 2 << 20
        let bytes = max(64, count * MemoryLayout<Element>.stride)
        let isLarge = bytes >= 2 * hugePage
        let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? hugePage : 64)
        #if canImport(Glibc)
            // Advice: without it, or where huge pages are off, everything works and is slower.
            if isLarge { _ = madvise(block, bytes & ~(hugePage - 1), MADV_HUGEPAGE) }
        #endif
        return block.bindMemory(to: Element.self, capacity: max(1, count))
    }
}
