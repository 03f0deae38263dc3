/// How a GGUF tensor stores its elements. Quantised rows are blocks of 32 elements.
public enum GGUFTensorType: UInt32, Sendable {
    case f32 = 0
    case f16 = 1
    /// Half-precision scale d, then 16 bytes of nibbles: x = d·(q − 8).
    case q4WithScale = 2
    /// Half-precision scale d and minimum m, then 16 bytes of nibbles: x = d·q + m.
    case q4WithMinimum = 3
    /// Half-precision scale d, then 32 signed bytes: x = d·q.
    case q8WithScale = 8

    /// Elements per block.
    var blockCount: Int {
        switch self {
        case .f32, .f16: 1
        case .q4WithScale, .q4WithMinimum, .q8WithScale: 32
        }
    }

    /// Bytes per block.
    var blockSize: Int {
        switch self {
        case .f32: 4
        case .f16: 2
        case .q4WithScale: 18
        case .q4WithMinimum: 20
        case .q8WithScale: 34
        }
    }

    /// The bytes of a tensor; nil when a row is no whole number of blocks or the size overflows.
    func byteCount(extents: [Int]) -> Int? {
        guard let row = extents.first, row % blockCount == 0 else { return nil }
        var size = row / blockCount
        for factor in extents.dropFirst() + [blockSize] {
            let (product, overflow) = size.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            size = product
        }
        return size
    }

    /// Writes `count` elements (whole blocks) from `source` to `target` as Float.
    func dequantise(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
        switch self {
        case .f32:
            target.withMemoryRebound(to: UInt8.self, capacity: count * 4) { bytes in
                UnsafeMutableRawPointer(bytes).copyMemory(from: source, byteCount: count * 4)
            }
        case .f16:
            for i in 0..<count { target[i] = half(source, 2 * i) }
        case .q4WithScale:
            for block in 0..<count / 32 {
                let at = source + block * 18
                let scale = half(at, 0)
                nibbles(at + 2, into: target + block * 32) { scale * Float(Int32($0) - 8) }
            }
        case .q4WithMinimum:
            for block in 0..<count / 32 {
                let at = source + block * 20
                let scale = half(at, 0)
                let minimum = half(at, 2)
                nibbles(at + 4, into: target + block * 32) { scale * Float($0) + minimum }
            }
        case .q8WithScale:
            for block in 0..<count / 32 {
                let at = source + block * 34
                let scale = half(at, 0)
                for i in 0..<32 {
                    target[block * 32 + i] = scale * Float(at.load(fromByteOffset: 2 + i, as: Int8.self))
                }
            }
        }
    }

    @inline(__always)
    private func half(_ source: UnsafeRawPointer, _ offset: Int) -> Float {
        Float(Float16(bitPattern: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    /// 16 bytes hold 32 elements: the low nibbles are the first 16, the high ones the last.
    @inline(__always)
    private func nibbles(
        _ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>, _ value: (UInt8) -> Float
    ) {
        for i in 0..<16 {
            let byte = source.load(fromByteOffset: i, as: UInt8.self)
            target[i] = value(byte & 0x0F)
            target[i + 16] = value(byte >> 4)
        }
    }
}

extension GGUF {
    /// Writes rows `range` of a tensor (a row is its first extent) as Float to `target`.
    func dequantise(_ tensor: Tensor, rows range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        let columns = tensor.extents[0]
        precondition(range.lowerBound >= 0 && range.upperBound * columns <= tensor.count, "rows outside the tensor")
        let rowSize = columns / tensor.type.blockCount * tensor.type.blockSize
        guard let base = file.bytes.baseAddress, !range.isEmpty else { return }
        tensor.type.dequantise(
            base + tensor.bytes.lowerBound + range.lowerBound * rowSize, count: range.count * columns, into: target)
    }

    /// All elements of a tensor as Float, in the file's order; nil when there is no such tensor.
    public func values(of name: String) -> [Float]? {
        guard let tensor = tensors[name] else { return nil }
        return [Float](unsafeUninitializedCapacity: tensor.count) { buffer, count in
            if let target = buffer.baseAddress {
                dequantise(tensor, rows: 0..<tensor.count / tensor.extents[0], into: target)
            }
            count = tensor.count
        }
    }
}
