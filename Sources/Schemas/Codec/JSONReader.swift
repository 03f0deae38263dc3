/// Strict RFC 8259 reader for a known schema: one pass, no tree, nothing allocated but the fields' own values.
///
/// Unknown fields are checked and skipped, `null` leaves a field at its default, a field given twice is refused. What it
/// takes beyond the grammar is proto3's JSON mapping: numbers may stand in strings, names in either spelling.
struct JSONReader {
    let bytes: CheckedBytes
    var position = 0
    private var depth = 0

    private init(_ bytes: CheckedBytes) { self.bytes = bytes }

    /// Reads a value that holds one message and nothing else.
    @inline(__always)
    static func read<Payload: WireMessage>(_ value: UnsafeRawBufferPointer) throws(SchemaError) -> Payload {
        var reader = JSONReader(CheckedBytes(value))
        var message = Payload.blank
        try reader.object(into: &message)
        if reader.peek() != 0 || reader.position != reader.bytes.count { throw reader.failure(.trailingBytes) }
        return message
    }

    // MARK: Structure

    /// The next byte that is not white space; 0, which no value starts with, at the end or on a control byte.
    @inline(__always)
    mutating func peek() -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            if byte > 0x20 { return byte }
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return 0 }
            position += 1
        }
        return 0
    }

    @inline(__always)
    mutating func open(_ bracket: UInt8) throws(SchemaError) {
        guard peek() == bracket else { throw unexpected() }
        position += 1
        depth += 1
        guard depth <= WireLimits.depth else { throw failure(.tooDeep) }
    }

    /// Steps over `bracket` if it comes next.
    @inline(__always)
    mutating func close(_ bracket: UInt8) -> Bool {
        guard peek() == bracket else { return false }
        position += 1
        depth -= 1
        return true
    }

    /// After an element: true behind a comma, false behind the closing bracket.
    @inline(__always)
    mutating func goesOn(until bracket: UInt8) throws(SchemaError) -> Bool {
        if peek() == UInt8(ascii: ",") {
            position += 1
            return true
        }
        guard close(bracket) else { throw failure(position < bytes.count ? .syntax : .truncated) }
        return false
    }

    /// The members of an object, into a message's fields.
    mutating func object<Payload: WireMessage>(into message: inout Payload) throws(SchemaError) {
        let fields = Payload.fields
        try open(UInt8(ascii: "{"))
        if close(UInt8(ascii: "}")) { return }
        var seen: UInt64 = 0
        var expected = 0  // writers keep the schema's order: the field after the last is tried first
        repeat {
            let name = try key()
            guard let index = try find(name, in: fields, expected: expected) else {
                do throws(SchemaError) { try skip() } catch { throw error.inside(shown(name)) }
                continue
            }
            expected = index + 1
            do throws(SchemaError) {
                guard seen & (1 << UInt64(index)) == 0 else { throw failure(.duplicateField) }
                seen |= 1 << UInt64(index)
                if peek() == UInt8(ascii: "n") {
                    try literal("null")
                } else {
                    try message.decode(field: fields[index].number, from: &self)
                }
            } catch {
                throw error.inside(fields[index].name.description)
            }
        } while try goesOn(until: UInt8(ascii: "}"))
    }

    /// The elements of an array.
    @inline(__always)
    mutating func array(_ element: (inout Self) throws(SchemaError) -> Void) throws(SchemaError) {
        try open(UInt8(ascii: "["))
        if close(UInt8(ascii: "]")) { return }
        var index = 0
        repeat {
            do throws(SchemaError) { try element(&self) } catch { throw error.inside(element: index) }
            index += 1
        } while try goesOn(until: UInt8(ascii: "]"))
    }

    /// A member's name and the colon behind it.
    @inline(__always)
    private mutating func key() throws(SchemaError) -> StringToken {
        guard peek() == UInt8(ascii: "\"") else { throw failure(position < bytes.count ? .syntax : .truncated) }
        let name = try scanString()
        guard peek() == UInt8(ascii: ":") else { throw failure(position < bytes.count ? .syntax : .truncated) }
        position += 1
        return name
    }

    @inline(__always)
    private func find(_ name: StringToken, in fields: [Field], expected: Int) throws(SchemaError) -> Int? {
        if name.hasEscapes {
            let text = try string(of: name)
            return fields.firstIndex { $0.name.description == text || $0.protoName.description == text }
        }
        if expected < fields.count, bytes.matches(name.range, fields[expected].name) { return expected }
        for index in fields.indices
        where bytes.matches(name.range, fields[index].name) || bytes.matches(name.range, fields[index].protoName) {
            return index
        }
        guard bytes.isUTF8(name.range) else { throw failure(.invalidUTF8, at: name.range.lowerBound) }
        return nil
    }

    // MARK: Values that no field asks for

    /// Checks a value of any type and steps over it.
    mutating func skip() throws(SchemaError) {
        switch peek() {
        case UInt8(ascii: "\""):
            let token = try scanString()
            if token.hasEscapes {
                _ = try string(of: token)
            } else if !bytes.isUTF8(token.range) {
                throw failure(.invalidUTF8, at: token.range.lowerBound)
            }
        case UInt8(ascii: "{"):
            try open(UInt8(ascii: "{"))
            if close(UInt8(ascii: "}")) { return }
            repeat {
                _ = try find(try key(), in: [], expected: 0)
                try skip()
            } while try goesOn(until: UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            try open(UInt8(ascii: "["))
            if close(UInt8(ascii: "]")) { return }
            repeat { try skip() } while try goesOn(until: UInt8(ascii: "]"))
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let number = try scanNumber()
            // Only an exponent or hundreds of digits can leave the range of a double.
            if number.hasExponent || number.range.count > 300 { _ = try double(number) }
        default: throw failure(position < bytes.count ? .syntax : .truncated)
        }
    }

    private mutating func literal(_ word: StaticString) throws(SchemaError) {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes.matches(position..<end, word) else {
            throw failure(end <= bytes.count ? .syntax : .truncated)
        }
        position = end
    }

    // MARK: Errors

    /// An unknown field's name as errors show it.
    private func shown(_ name: StringToken) -> String {
        String(decoding: bytes[name.range].prefix(64), as: UTF8.self)
    }

    @inline(never)
    func failure(_ reason: SchemaError.Reason, at offset: Int? = nil) -> SchemaError {
        SchemaError(reason, offset: min(offset ?? position, bytes.count))
    }

    /// The error where a value of another type was wanted than the one that comes.
    @inline(never)
    mutating func unexpected() -> SchemaError {
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "t"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            failure(.wrongType)
        default: failure(position < bytes.count ? .syntax : .truncated)
        }
    }
}
