/// protobuf's binary form: unknown fields are checked and skipped, of a field given twice the last counts, groups (which
/// proto3 does not have) and NaN are refused.
struct ProtobufReader {
    private let bytes: CheckedBytes
    private var position = 0
    /// Where the message that is being read ends.
    private var end: Int
    private var depth = 0
    private var wireType = WireType.varint

    enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    private init(_ bytes: CheckedBytes) {
        self.bytes = bytes
        end = bytes.count
    }

    /// Reads a value that holds one message.
    @inline(__always)
    static func read<Payload: WireMessage>(_ value: UnsafeRawBufferPointer) throws(SchemaError) -> Payload {
        var reader = ProtobufReader(CheckedBytes(value))
        var message = Payload.blank
        try reader.fields(into: &message)
        return message
    }

    // MARK: Structure

    private mutating func fields<Payload: WireMessage>(into message: inout Payload) throws(SchemaError) {
        let fields = Payload.fields
        while let number = try tag() {
            guard let field = fields.first(where: { $0.number == number }) else {
                try skip()
                continue
            }
            do throws(SchemaError) {
                try message.decode(field: number, from: &self)
            } catch {
                throw error.inside(field.name.description)
            }
        }
    }

    /// A field's number; nil at the end of the message.
    @inline(__always)
    private mutating func tag() throws(SchemaError) -> UInt32? {
        guard position < end else { return nil }
        let start = position
        let tag = try varint()
        guard let number = UInt32(exactly: tag >> 3), number != 0, number < 1 << 29,
            let type = WireType(rawValue: tag & 7)
        else { throw failure(.syntax, at: start) }
        wireType = type
        return number
    }

    @inline(__always)
    private mutating func varint() throws(SchemaError) -> UInt64 {
        let start = position
        var value: UInt64 = 0, shift: UInt64 = 0
        while position < end {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 {
                guard shift < 63 || byte <= 1 else { throw failure(.invalidNumber, at: start) }
                return value
            }
            shift += 7
            guard shift < 70 else { throw failure(.invalidNumber, at: start) }
        }
        throw failure(.truncated)
    }

    @inline(__always)
    private mutating func expect(_ type: WireType) throws(SchemaError) {
        guard wireType == type else { throw failure(.wrongType) }
    }

    /// The bytes of a length-delimited value.
    @inline(__always)
    private mutating func delimited() throws(SchemaError) -> Range<Int> {
        try expect(.lengthDelimited)
        let length = try varint()
        guard length <= UInt64(end - position) else { throw failure(.truncated) }
        let range = position..<position + Int(length)
        position = range.upperBound
        return range
    }

    /// Reads a message within the message.
    @inline(__always)
    private mutating func nested(_ body: (inout Self) throws(SchemaError) -> Void) throws(SchemaError) {
        let range = try delimited()
        guard depth < WireLimits.depth else { throw failure(.tooDeep) }
        let outerEnd = end
        position = range.lowerBound
        end = range.upperBound
        depth += 1
        try body(&self)
        end = outerEnd
        depth -= 1
    }

    private mutating func skip() throws(SchemaError) {
        switch wireType {
        case .varint: _ = try varint()
        case .lengthDelimited: _ = try delimited()
        case .fixed64: try advance(8)
        case .fixed32: try advance(4)
        }
    }

    @inline(__always)
    private mutating func advance(_ count: Int) throws(SchemaError) {
        guard end - position >= count else { throw failure(.truncated) }
        position += count
    }

    @inline(never)
    private func failure(_ reason: SchemaError.Reason, at offset: Int? = nil) -> SchemaError {
        SchemaError(reason, offset: offset ?? position)
    }

    @inline(__always)
    private mutating func float() throws(SchemaError) -> Float {
        try advance(4)
        let value = Float(bitPattern: bytes.halfWord(at: position - 4))
        guard value.isFinite else { throw failure(.notFinite, at: position - 4) }
        return value
    }
}

extension ProtobufReader: FieldDecoder {
    mutating func string() throws(SchemaError) -> String {
        let range = try delimited()
        guard let text = bytes.text(range) else { throw failure(.invalidUTF8, at: range.lowerBound) }
        return text
    }

    mutating func double() throws(SchemaError) -> Double {
        try expect(.fixed64)
        try advance(8)
        let value = Double(bitPattern: bytes.word(at: position - 8))
        guard value.isFinite else { throw failure(.notFinite, at: position - 8) }
        return value
    }

    mutating func int64() throws(SchemaError) -> Int64 {
        try expect(.varint)
        return Int64(bitPattern: try varint())
    }

    mutating func int32() throws(SchemaError) -> Int32 {
        let start = position
        guard let value = Int32(exactly: try int64()) else { throw failure(.invalidNumber, at: start) }
        return value
    }

    mutating func timestamp(merging earlier: Timestamp?) throws(SchemaError) -> Timestamp {
        let start = position
        var seconds = earlier?.seconds ?? 0, nanoseconds = earlier?.nanoseconds ?? 0
        try nested { reader throws(SchemaError) in
            while let number = try reader.tag() {
                switch number {
                case 1: seconds = try reader.int64()
                case 2: nanoseconds = try reader.int32()
                default: try reader.skip()
                }
            }
        }
        guard let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds) else {
            throw failure(.invalidTimestamp, at: start)
        }
        return time
    }

    mutating func strings(into values: inout [String]) throws(SchemaError) {
        do throws(SchemaError) {
            values.append(try string())
        } catch {
            throw error.inside(element: values.count)
        }
    }

    /// Packed (all in one value, as proto3 writes them) or one at a time.
    mutating func floats(into values: inout [Float]) throws(SchemaError) {
        do throws(SchemaError) {
            if wireType == .fixed32 {
                values.append(try float())
                return
            }
            let range = try delimited()
            guard range.count % 4 == 0 else { throw failure(.truncated) }
            values.reserveCapacity(values.count + range.count / 4)
            position = range.lowerBound
            while position < range.upperBound { values.append(try float()) }
        } catch {
            throw error.inside(element: values.count)
        }
    }

    mutating func messages<Element: WireMessage>(into values: inout [Element]) throws(SchemaError) {
        var element = Element.blank
        do throws(SchemaError) {
            try nested { reader throws(SchemaError) in try reader.fields(into: &element) }
        } catch {
            throw error.inside(element: values.count)
        }
        values.append(element)
    }
}
