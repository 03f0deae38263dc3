import LanguageModel

/// Writes GGUF files for tests.
struct GGUFBytes {
    private var header: [UInt8] = []
    private var metadataCount = 0
    private var entries: [UInt8] = []
    private var tensorCount = 0
    private var data: [UInt8] = []

    mutating func metadata(_ key: String, _ value: String) {
        begin(key, type: 8)
        Self.append(value, to: &header)
    }

    mutating func metadata(_ key: String, _ value: UInt32) {
        begin(key, type: 4)
        Self.append(value, to: &header)
    }

    mutating func metadata(_ key: String, _ value: Float) {
        begin(key, type: 6)
        Self.append(value.bitPattern, to: &header)
    }

    mutating func metadata(_ key: String, _ values: [String]) {
        begin(key, type: 9)
        Self.append(UInt32(8), to: &header)
        Self.append(UInt64(values.count), to: &header)
        for value in values { Self.append(value, to: &header) }
    }

    mutating func metadata(_ key: String, _ values: [Int32]) {
        begin(key, type: 9)
        Self.append(UInt32(5), to: &header)
        Self.append(UInt64(values.count), to: &header)
        for value in values { Self.append(value, to: &header) }
    }

    mutating func tensor(_ name: String, extents: [Int], _ type: GGUFTensorType, _ bytes: [UInt8]) {
        tensorCount += 1
        Self.append(name, to: &entries)
        Self.append(UInt32(extents.count), to: &entries)
        for extent in extents { Self.append(UInt64(extent), to: &entries) }
        Self.append(type.rawValue, to: &entries)
        Self.append(UInt64(data.count), to: &entries)
        data += bytes
        data += Array(repeating: 0, count: (32 - data.count % 32) % 32)
    }

    func bytes() -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        Self.append(UInt32(3), to: &bytes)
        Self.append(UInt64(tensorCount), to: &bytes)
        Self.append(UInt64(metadataCount), to: &bytes)
        bytes += header + entries
        bytes += Array(repeating: 0, count: (32 - bytes.count % 32) % 32)
        return bytes + data
    }

    private mutating func begin(_ key: String, type: UInt32) {
        metadataCount += 1
        Self.append(key, to: &header)
        Self.append(type, to: &header)
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(UInt64(text.utf8.count), to: &bytes)
        bytes += Array(text.utf8)
    }

    private static func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
