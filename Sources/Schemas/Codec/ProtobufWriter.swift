/// protobuf's binary form, fields in the schema's order and defaults left out. A nested message is written behind one
/// byte kept for its length, and moved up in the rare case that the length needs more.
struct ProtobufWriter {
    private(set) var out: [UInt8] = []
    private var failure: SchemaError?

    @inline(__always)
    static func write<Payload: WireMessage>(_ message: Payload) throws(SchemaError) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.out.reserveCapacity(128)
        message.encode(to: &writer)
        if let failure = writer.failure { throw failure }
        return writer.out
    }

    @inline(__always)
    private mutating func tag(_ field: Field, _ type: ProtobufReader.WireType) {
        varint(UInt64(field.number) << 3 | type.rawValue)
    }

    @inline(__always)
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    private mutating func text(_ field: Field, _ value: String) {
        tag(field, .lengthDelimited)
        var value = value
        value.withUTF8 { utf8 in
            varint(UInt64(utf8.count))
            out.append(contentsOf: utf8)
        }
    }

    @inline(__always)
    private mutating func nested(_ field: Field, _ body: (inout Self) -> Void) {
        tag(field, .lengthDelimited)
        let lengthByte = out.count
        out.append(0)
        body(&self)
        let length = out.count - lengthByte - 1
        if length <= 0x7F {
            out[lengthByte] = UInt8(length)
            return
        }
        var header = ProtobufWriter()
        header.varint(UInt64(length))
        out.replaceSubrange(lengthByte...lengthByte, with: header.out)
    }

    private mutating func refuse(_ field: Field) {
        if failure == nil { failure = SchemaError(.notFinite, field: "\(field.name)") }
    }
}

extension ProtobufWriter: FieldEncoder {
    mutating func string(_ field: Field, _ value: String) {
        if !value.isEmpty { text(field, value) }
    }

    mutating func double(_ field: Field, _ value: Double) {
        if value.bitPattern == 0 { return }  // unlike 0, -0 is not the default
        guard value.isFinite else { return refuse(field) }
        tag(field, .fixed64)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { out.append(contentsOf: $0) }
    }

    mutating func int32(_ field: Field, _ value: Int32) { int64(field, Int64(value)) }

    mutating func int64(_ field: Field, _ value: Int64) {
        if value == 0 { return }
        tag(field, .varint)
        varint(UInt64(bitPattern: value))
    }

    mutating func timestamp(_ field: Field, _ value: Timestamp?) {
        guard let value else { return }
        nested(field) { writer in
            writer.int64(Field(1, "seconds"), value.seconds)
            writer.int32(Field(2, "nanos"), value.nanoseconds)
        }
    }

    mutating func strings(_ field: Field, _ values: [String]) {
        for value in values { text(field, value) }
    }

    mutating func floats(_ field: Field, _ values: [Float]) {
        if values.isEmpty { return }
        if failure == nil, let index = values.firstIndex(where: { !$0.isFinite }) {
            failure = SchemaError(.notFinite).inside(element: index).inside("\(field.name)")
        }
        tag(field, .lengthDelimited)
        varint(UInt64(values.count * 4))
        for value in values {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { out.append(contentsOf: $0) }
        }
    }

    mutating func messages<Element: WireMessage>(_ field: Field, _ values: [Element]) {
        for (index, value) in values.enumerated() {
            let hadFailed = failure != nil
            nested(field) { value.encode(to: &$0) }
            if !hadFailed, let failed = failure { failure = failed.inside(element: index).inside("\(field.name)") }
        }
    }
}
