/// A GGUF file, version 3: typed metadata and named tensors, little endian
/// (format: ggml, `docs/gguf.md`).
///
/// Everything the header says is checked against the file's size when it is opened; tensor data is read on demand.
public struct GGUF: Sendable {
    /// A metadata value. Integers of all widths are `integer` (a value above Int64.max is refused).
    public enum Value: Equatable, Sendable {
        case integer(Int64)
        case real(Double)
        case flag(Bool)
        case text([UInt8])
        case array([Value])
    }

    /// A tensor's place in the file.
    public struct Tensor: Equatable, Sendable {
        /// Extents, the fastest running first: a matrix of n rows and k columns is `[k, n]`.
        public let extents: [Int]
        /// How its elements are stored.
        public let type: GGUFTensorType
        /// Where its data lies in the file, in bytes.
        let bytes: Range<Int>

        /// The number of elements.
        public var count: Int { extents.reduce(1, *) }
    }

    /// Metadata by key.
    public let metadata: [String: Value]
    /// Tensors by name.
    public let tensors: [String: Tensor]
    let file: FileBytes

    /// Opens the file at `path`.
    ///
    /// - Throws: ``LanguageModelError``: `unreadable`, `malformed` or `unsupported`.
    public init(path: String) throws(LanguageModelError) {
        try self.init(FileBytes(path: path))
    }

    /// Reads a file held in memory, called `name` in errors.
    public init(contents: [UInt8], name: String) throws(LanguageModelError) {
        try self.init(FileBytes(contents, name: name))
    }

    private init(_ file: FileBytes) throws(LanguageModelError) {
        var reader = ByteReader(file)
        guard try reader.readBytes(4, "the magic") == Array("GGUF".utf8) else {
            throw LanguageModelError(.unsupported, "\(file.name): not a GGUF file (it does not begin with \"GGUF\").")
        }
        let version: UInt32 = try reader.read("the version")
        guard version == 3 else {
            throw LanguageModelError(
                .unsupported, "\(file.name): GGUF version \(version); this reader knows version 3.")
        }
        // A tensor's entry takes at least 32 bytes, a metadata entry 13.
        let tensorCount = try reader.readCount("the number of tensors", minimumSize: 32)
        let metadataCount = try reader.readCount("the number of metadata entries", minimumSize: 13)
        var metadata: [String: Value] = [:]
        for _ in 0..<metadataCount {
            let key = try GGUF.readKey(&reader, "a metadata key")
            let type: UInt32 = try reader.read("the type of \(key)")
            let value = try GGUF.readValue(&reader, type, key)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw reader.malformed("the key \(key) stands there twice")
            }
        }
        self.metadata = metadata
        tensors = try GGUF.readTensors(&reader, count: tensorCount, alignment: metadata["general.alignment"])
        self.file = file
    }

    private static func readKey(_ reader: inout ByteReader, _ what: String) throws(LanguageModelError) -> String {
        let count = try reader.readCount("the length of \(what)", minimumSize: 1)
        guard let key = String(validating: try reader.readBytes(count, what), as: UTF8.self) else {
            throw reader.malformed("\(what) is not UTF-8")
        }
        return key
    }

    private static func readValue(
        _ reader: inout ByteReader, _ type: UInt32, _ key: String
    ) throws(LanguageModelError) -> Value {
        switch type {
        case 0: return .integer(Int64(try reader.read(key) as UInt8))
        case 1: return .integer(Int64(try reader.read(key) as Int8))
        case 2: return .integer(Int64(try reader.read(key) as UInt16))
        case 3: return .integer(Int64(try reader.read(key) as Int16))
        case 4: return .integer(Int64(try reader.read(key) as UInt32))
        case 5: return .integer(Int64(try reader.read(key) as Int32))
        case 6: return .real(Double(Float(bitPattern: try reader.read(key))))
        case 7:
            let flag: UInt8 = try reader.read(key)
            guard flag <= 1 else { throw reader.malformed("\(key) is a flag of value \(flag)") }
            return .flag(flag == 1)
        case 8:
            let count = try reader.readCount("the length of \(key)", minimumSize: 1)
            return .text(try reader.readBytes(count, key))
        case 9: return try readArray(&reader, key)
        case 10:
            let value: UInt64 = try reader.read(key)
            guard let signed = Int64(exactly: value) else { throw reader.malformed("\(key) is \(value)") }
            return .integer(signed)
        case 11: return .integer(try reader.read(key))
        case 12: return .real(Double(bitPattern: try reader.read(key)))
        default: throw reader.malformed("\(key) has the unknown type \(type)")
        }
    }

    private static func readArray(_ reader: inout ByteReader, _ key: String) throws(LanguageModelError) -> Value {
        let elementType: UInt32 = try reader.read("the type of \(key)")
        // Arrays of arrays are allowed by the format and used by nobody; refusing them bounds the depth.
        guard elementType != 9 else {
            throw LanguageModelError(.unsupported, "\(reader.file.name): \(key) is an array of arrays.")
        }
        let sizes: [UInt32: Int] = [2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 8: 8, 10: 8, 11: 8, 12: 8]
        let count = try reader.readCount("the length of \(key)", minimumSize: sizes[elementType] ?? 1)
        var elements: [Value] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try readValue(&reader, elementType, key)) }
        return .array(elements)
    }

    private static func readTensors(
        _ reader: inout ByteReader, count: Int, alignment: Value?
    ) throws(LanguageModelError) -> [String: Tensor] {
        var entries: [(name: String, extents: [Int], type: GGUFTensorType, offset: Int, size: Int)] = []
        for _ in 0..<count {
            let name = try readKey(&reader, "a tensor's name")
            let dimensions: UInt32 = try reader.read("the dimensions of \(name)")
            guard (1...4).contains(dimensions) else { throw reader.malformed("\(name) has \(dimensions) dimensions") }
            var extents: [Int] = []
            for _ in 0..<dimensions {
                let extent: UInt64 = try reader.read("an extent of \(name)")
                guard let extent = Int(exactly: extent), extent > 0 else {
                    throw reader.malformed("\(name) has an extent of \(extent)")
                }
                extents.append(extent)
            }
            let code: UInt32 = try reader.read("the type of \(name)")
            guard let type = GGUFTensorType(rawValue: code) else {
                throw LanguageModelError(
                    .unsupported,
                    "\(reader.file.name): tensor \(name) has the storage type \(code); known are F32, F16, Q4_0, Q4_1, Q8_0."
                )
            }
            let offset: UInt64 = try reader.read("the offset of \(name)")
            guard let offset = Int(exactly: offset), let size = type.byteCount(extents: extents) else {
                throw reader.malformed("\(name) has impossible extents \(extents) or offset \(offset)")
            }
            entries.append((name, extents, type, offset, size))
        }
        var step = 32
        if case .integer(let value)? = alignment {
            guard (1...65536).contains(value), value & (value - 1) == 0 else {
                throw reader.malformed("general.alignment is \(value), not a small power of two")
            }
            step = Int(value)
        }
        let start = (reader.offset + step - 1) / step * step
        var tensors: [String: Tensor] = [:]
        for entry in entries {
            // Written so that no sum can overflow.
            guard entry.offset % step == 0, start <= reader.file.bytes.count,
                entry.offset <= reader.file.bytes.count - start,
                entry.size <= reader.file.bytes.count - start - entry.offset
            else { throw reader.malformed("tensor \(entry.name) lies outside the file") }
            let from = start + entry.offset
            let tensor = Tensor(extents: entry.extents, type: entry.type, bytes: from..<from + entry.size)
            guard tensors.updateValue(tensor, forKey: entry.name) == nil else {
                throw reader.malformed("tensor \(entry.name) stands there twice")
            }
        }
        return tensors
    }
}
