import Foundation
import Tensors

/// Named tensors of Float and texts beside them, in the safetensors format
/// (huggingface/safetensors: a 64-bit header length, a JSON header, the data, all little endian).
///
/// Only `F32` is read and written. Equal content gives equal bytes: tensors and metadata are written in order of name.
public struct Safetensors: Equatable, Sendable {
    /// A tensor of Float, row-major: the last extent runs fastest.
    public struct Tensor: Equatable, Sendable {
        /// Extents; empty for a single number.
        public let shape: [Int]
        /// The elements, as many as the product of the extents.
        public let values: [Float]

        /// A tensor of the given shape.
        public init(shape: [Int], values: [Float]) {
            precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == values.count, "values fill the shape")
            self.shape = shape
            self.values = values
        }

        /// A vector.
        public init(_ values: [Float]) { self.init(shape: [values.count], values: values) }

        /// A matrix, rows × columns.
        public init(_ matrix: Matrix<Float>) {
            self.init(shape: [matrix.rows, matrix.columns], values: matrix.elements)
        }

        /// The tensor as a matrix; nil unless it has two extents.
        public var matrix: Matrix<Float>? {
            shape.count == 2 ? Matrix(rows: shape[0], columns: shape[1], elements: values) : nil
        }
    }

    /// Tensors by name.
    public var tensors: [String: Tensor]
    /// Texts by name (`__metadata__`).
    public var metadata: [String: String]

    /// A collection of the given tensors and texts.
    public init(tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    private static let metadataKey = "__metadata__"
    /// More header than any artefact of ours has; what claims more is not one.
    private static let largestHeader = 16 << 20
}

// MARK: - Reading

extension Safetensors {
    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype
            case shape
            case dataOffsets = "data_offsets"
        }

        /// The order in which tensors lie; empty ones come before the one that begins where they lie.
        static func precedes(_ a: Entry, _ b: Entry) -> Bool { a.dataOffsets.lexicographicallyPrecedes(b.dataOffsets) }
    }

    private struct Header: Decodable {
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]

        struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                if key.stringValue == Safetensors.metadataKey {
                    metadata = try container.decode([String: String].self, forKey: key)
                } else {
                    entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
                }
            }
        }
    }

    /// Reads a file held in memory, called `name` in errors.
    ///
    /// - Throws: ``LanguageModelError``: `malformed` when anything in it contradicts anything else, `unsupported` for
    ///   another element type than F32.
    public init(contents: [UInt8], name: String) throws(LanguageModelError) {
        var reader = ByteReader(FileBytes(contents, name: name))
        let headerSize = try reader.readCount("the header's length", minimumSize: 1)
        guard headerSize <= Safetensors.largestHeader else {
            throw reader.malformed("the header claims \(headerSize) bytes")
        }
        let text = try reader.readBytes(headerSize, "the header")
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(text))
        } catch {
            throw reader.malformed("the header is not the JSON of a safetensors file (\(error))", at: 8)
        }
        metadata = header.metadata
        tensors = [:]
        // Tensors must fill the data without overlap or gap, in some order. This also finds names that stand twice.
        var end = 0
        let start = reader.offset
        for (name, entry) in header.entries.sorted(by: { Entry.precedes($0.value, $1.value) }) {
            guard entry.dtype == "F32" else {
                throw LanguageModelError(
                    .unsupported,
                    "\(reader.file.name): tensor \(name) has elements of type \(entry.dtype); F32 is read.")
            }
            var size = 4
            for extent in entry.shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: extent)
                guard extent >= 0, !overflow else {
                    throw reader.malformed("tensor \(name) has the impossible shape \(entry.shape)", at: start)
                }
                size = product
            }
            guard entry.dataOffsets.count == 2, entry.dataOffsets[0] == end, entry.dataOffsets[1] >= end,
                entry.dataOffsets[1] - end == size
            else {
                throw reader.malformed(
                    "tensor \(name) of shape \(entry.shape) lies at \(entry.dataOffsets), not at \(end) with \(size) bytes",
                    at: start)
            }
            let bytes = try reader.readBytes(size, "tensor \(name)")
            end += size
            tensors[name] = Tensor(shape: entry.shape, values: Safetensors.floats(bytes))
        }
        guard reader.remaining == 0 else { throw reader.malformed("\(reader.remaining) bytes belong to no tensor") }
    }

    private static func floats(_ bytes: [UInt8]) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
    }
}

// MARK: - Writing

extension Safetensors {
    /// The file's bytes.
    public func encoded() -> [UInt8] {
        var entries: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
            entries.append("\(Self.quoted(Self.metadataKey)):{\(texts.joined(separator: ","))}")
        }
        let ordered = tensors.sorted { $0.key < $1.key }
        var offset = 0
        for (name, tensor) in ordered {
            let end = offset + 4 * tensor.values.count
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(Self.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        // Blanks up to a multiple of eight, so that the data is aligned.
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))

        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + header.count + offset)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: header)
        for (_, tensor) in ordered {
            for value in tensor.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        return bytes
    }

    /// `text` as a JSON string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
