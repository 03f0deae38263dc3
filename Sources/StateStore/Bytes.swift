#if canImport(Glibc)
    import Glibc
#endif

/// Byte order of two keys: negative, zero or positive as `memcmp`; a prefix comes first.
@inline(__always)
func compareBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let common = min(left.count, right.count)
    if common > 0, let l = left.baseAddress, let r = right.baseAddress {
        let order = memcmp(l, r, common)
        if order != 0 { return Int(order) }
    }
    return left.count - right.count
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func hasPrefix(_ prefix: [UInt8]) -> Bool {
        guard count >= prefix.count else { return false }
        return prefix.withUnsafeBytes { compareBytes(UnsafeRawBufferPointer(rebasing: self[..<prefix.count]), $0) } == 0
    }
}

extension Array where Element == UInt8 {
    func hasPrefix(_ prefix: [UInt8]) -> Bool { withUnsafeBytes { $0.hasPrefix(prefix) } }

    /// The smallest key above all keys that begin with this one; nil when there is none (empty, or all FF).
    var prefixSuccessor: [UInt8]? {
        guard let last = lastIndex(where: { $0 != 0xFF }) else { return nil }
        var successor = Array(self[...last])
        successor[last] += 1
        return successor
    }
}
