/// proto3's JSON mapping, without white space: defaults are left out, 64-bit integers are strings, floating-point numbers
/// have the fewest digits that read back as the same number.
struct JSONWriter {
    private(set) var out: [UInt8] = []
    private var isFirst = true
    private var failure: SchemaError?

    @inline(__always)
    static func write<Payload: WireMessage>(_ message: Payload) throws(SchemaError) -> [UInt8] {
        var writer = JSONWriter()
        writer.out.reserveCapacity(256)
        writer.object(message)
        if let failure = writer.failure { throw failure }
        return writer.out
    }

    private mutating func object<Payload: WireMessage>(_ message: Payload) {
        out.append(UInt8(ascii: "{"))
        isFirst = true
        message.encode(to: &self)
        out.append(UInt8(ascii: "}"))
        isFirst = false
    }

    @inline(__always)
    private mutating func key(_ field: Field) {
        if !isFirst { out.append(UInt8(ascii: ",")) }
        isFirst = false
        out.append(UInt8(ascii: "\""))
        raw(field.name)
        out.append(UInt8(ascii: "\""))
        out.append(UInt8(ascii: ":"))
    }

    @inline(__always)
    private mutating func list<Element>(
        _ field: Field, _ values: [Element], _ write: (inout Self, Element) -> Void
    ) {
        if values.isEmpty { return }
        key(field)
        out.append(UInt8(ascii: "["))
        for index in values.indices {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            let hadFailed = failure != nil
            write(&self, values[index])
            if !hadFailed, let failed = failure { failure = failed.inside(element: index).inside("\(field.name)") }
        }
        out.append(UInt8(ascii: "]"))
    }

    @inline(__always)
    private mutating func raw(_ text: StaticString) {
        out.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    private mutating func ascii(_ text: String) {
        var text = text
        text.withUTF8 { out.append(contentsOf: $0) }
    }

    /// A string in quotes, with the escapes that RFC 8259 asks for and no others.
    fileprivate mutating func quoted(_ text: String) {
        out.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { escape($0) }
        out.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var copied = 0
        for index in text.indices {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            out.append(contentsOf: text[copied..<index])
            copied = index + 1
            switch byte {
            case 0x0A: raw("\\n")
            case 0x0D: raw("\\r")
            case 0x09: raw("\\t")
            case 0..<0x20:
                raw("\\u00")
                let low = byte & 15
                out.append(UInt8(ascii: "0") + (byte >> 4))
                out.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + (low - 10))
            default:
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            }
        }
        out.append(contentsOf: text[copied...])
    }

    private mutating func refuse(_ field: Field) {
        if failure == nil { failure = SchemaError(.notFinite, field: "\(field.name)") }
    }
}

extension JSONWriter: FieldEncoder {
    mutating func string(_ field: Field, _ value: String) {
        if value.isEmpty { return }
        key(field)
        quoted(value)
    }

    mutating func double(_ field: Field, _ value: Double) {
        if value.bitPattern == 0 { return }  // unlike 0, -0 is not the default
        guard value.isFinite else { return refuse(field) }
        key(field)
        ascii(value.description)
    }

    mutating func int32(_ field: Field, _ value: Int32) {
        if value == 0 { return }
        key(field)
        ascii(value.description)
    }

    mutating func int64(_ field: Field, _ value: Int64) {
        if value == 0 { return }
        key(field)
        out.append(UInt8(ascii: "\""))
        ascii(value.description)
        out.append(UInt8(ascii: "\""))
    }

    mutating func timestamp(_ field: Field, _ value: Timestamp?) {
        guard let value else { return }
        key(field)
        out.append(UInt8(ascii: "\""))
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: RFC3339.longest) { buffer in
            out.append(contentsOf: buffer[..<RFC3339.write(value, to: buffer)])
        }
        out.append(UInt8(ascii: "\""))
    }

    mutating func strings(_ field: Field, _ values: [String]) {
        list(field, values) { $0.quoted($1) }
    }

    mutating func floats(_ field: Field, _ values: [Float]) {
        list(field, values) { writer, value in
            guard value.isFinite else {
                if writer.failure == nil { writer.failure = SchemaError(.notFinite) }
                return
            }
            writer.ascii(value.description)
        }
    }

    mutating func messages<Element: WireMessage>(_ field: Field, _ values: [Element]) {
        list(field, values) { $0.object($1) }
    }
}

/// The little JSON that is written around messages.
package enum JSONText {
    /// A string in quotes, escaped as messages' strings are.
    package static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.quoted(text)
        return String(decoding: writer.out, as: UTF8.self)
    }
}
