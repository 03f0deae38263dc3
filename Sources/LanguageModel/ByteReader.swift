/// Reads little-endian values from front to back and refuses to go past the end.
struct ByteReader {
    let file: FileBytes
    private(set) var offset = 0

    init(_ file: FileBytes) { self.file = file }

    var remaining: Int { file.bytes.count - offset }

    /// The next `Value`, as it lies.
    mutating func read<Value: FixedWidthInteger>(_ what: String) throws(LanguageModelError) -> Value {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { throw truncated(what) }
        defer { offset += size }
        return Value(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// A 64-bit count of things that take at least `minimumSize` bytes each, so that no count can ask for more memory
    /// than the file's own size justifies.
    mutating func readCount(_ what: String, minimumSize: Int) throws(LanguageModelError) -> Int {
        let start = offset
        let count: UInt64 = try read(what)
        guard count <= UInt64(remaining / minimumSize) else {
            throw malformed("\(what) is \(count), more than the \(remaining) bytes left can hold", at: start)
        }
        return Int(count)
    }

    /// The next `count` bytes, a copy.
    mutating func readBytes(_ count: Int, _ what: String) throws(LanguageModelError) -> [UInt8] {
        guard count <= remaining else { throw truncated(what) }
        defer { offset += count }
        return Array(file.bytes[offset..<offset + count])
    }

    func malformed(_ what: String, at position: Int? = nil) -> LanguageModelError {
        LanguageModelError(
            .malformed,
            "\(file.name): byte \(position ?? offset): \(what). The file is damaged or incomplete: fetch it again.")
    }

    private func truncated(_ what: String) -> LanguageModelError { malformed("the file ends inside \(what)") }
}
