/// Borrowed bytes whose every access is checked, in release builds too: what the readers read comes from strangers.
/// Valid only within the call that lent the buffer.
struct CheckedBytes {
    private let buffer: UnsafeBufferPointer<UInt8>

    @inline(__always)
    init(_ buffer: UnsafeBufferPointer<UInt8>) { self.buffer = buffer }

    init(_ raw: UnsafeRawBufferPointer) { self.init(raw.bindMemory(to: UInt8.self)) }

    @inline(__always)
    var count: Int { buffer.count }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: buffer.count))
        return buffer[index]
    }

    /// The bytes of a range, as String and memcmp want them.
    @inline(__always)
    subscript(range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
        return UnsafeBufferPointer(rebasing: buffer[range])
    }

    /// Eight bytes as a little-endian word.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        precondition(index >= 0 && index <= buffer.count - 8)
        return UInt64(
            littleEndian: UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Four bytes as a little-endian word.
    @inline(__always)
    func halfWord(at index: Int) -> UInt32 {
        precondition(index >= 0 && index <= buffer.count - 4)
        return UInt32(
            littleEndian: UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: index, as: UInt32.self))
    }

    /// The text of a range, or nil where it is not UTF-8.
    @inline(__always)
    func text(_ range: Range<Int>) -> String? { String(validating: self[range], as: UTF8.self) }

    /// Whether a range is UTF-8; allocates nothing.
    func isUTF8(_ range: Range<Int>) -> Bool { (try? UTF8Span(validating: self[range].span)) != nil }

    @inline(__always)
    func matches(_ range: Range<Int>, _ name: StaticString) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        var index = 0
        while index < name.utf8CodeUnitCount {
            guard self[range.lowerBound + index] == name.utf8Start[index] else { return false }
            index += 1
        }
        return true
    }
}
