/// A JSON string found in the bytes: what stands between its quotes.
struct StringToken {
    var range: Range<Int>
    var hasEscapes: Bool
}

extension JSONReader {
    /// Finds the end of the string that starts at `position`, and steps behind it.
    @inline(__always)
    mutating func scanString() throws(SchemaError) -> StringToken {
        let start = position + 1
        var index = start, hasEscapes = false
        while true {
            while index <= bytes.count - 8 {
                let special = Self.specialBytes(bytes.word(at: index))
                if special != 0 {
                    index += special.trailingZeroBitCount / 8
                    break
                }
                index += 8
            }
            guard index < bytes.count else { throw failure(.truncated, at: bytes.count) }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return StringToken(range: start..<index, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                index += 2
            case 0..<0x20: throw failure(.syntax, at: index)
            default: index += 1
            }
        }
    }

    /// The top bit of each byte of the word that is a quote, a backslash or a control byte. Bytes above the lowest such
    /// one may be marked wrongly, by the borrow of a subtraction; only the lowest is used.
    @inline(__always)
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let marks =
            ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
        return marks & (ones &* 0x80)
    }

    /// The text of a token, escapes resolved.
    @inline(__always)
    func string(of token: StringToken) throws(SchemaError) -> String {
        if token.hasEscapes { return try unescaped(token) }
        guard let text = bytes.text(token.range) else { throw failure(.invalidUTF8, at: token.range.lowerBound) }
        return text
    }

    private func unescaped(_ token: StringToken) throws(SchemaError) -> String {
        // Escapes are ASCII and stand for whole scalars: the text is UTF-8 exactly if what is written is.
        guard bytes.isUTF8(token.range) else { throw failure(.invalidUTF8, at: token.range.lowerBound) }
        var malformed: Int?
        let text = String(unsafeUninitializedCapacity: token.range.count) { out in
            var count = 0, index = token.range.lowerBound
            while index < token.range.upperBound {
                let byte = bytes[index]
                if byte == UInt8(ascii: "\\") {
                    guard let length = resolve(index, token.range.upperBound, out, &count) else {
                        malformed = index
                        return 0
                    }
                    index += length
                } else {
                    out[count] = byte
                    count += 1
                    index += 1
                }
            }
            return count
        }
        if let malformed { throw failure(.invalidEscape, at: malformed) }
        return text
    }

    /// Appends what the escape at `index` stands for; returns the escape's length, nil where it is malformed. An escape
    /// is never shorter than what it stands for, so `out` cannot overflow.
    private func resolve(
        _ index: Int, _ end: Int, _ out: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
    ) -> Int? {
        func append(_ byte: UInt8) -> Int {
            out[count] = byte
            count += 1
            return 2
        }
        guard index + 1 < end else { return nil }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return append(bytes[index + 1])
        case UInt8(ascii: "b"): return append(0x08)
        case UInt8(ascii: "f"): return append(0x0C)
        case UInt8(ascii: "n"): return append(0x0A)
        case UInt8(ascii: "r"): return append(0x0D)
        case UInt8(ascii: "t"): return append(0x09)
        case UInt8(ascii: "u"):
            guard var value = codeUnit(index, end) else { return nil }
            var length = 6
            if value >> 10 == 0x36 {  // a high surrogate: its low half must follow
                guard let low = codeUnit(index + 6, end), low >> 10 == 0x37 else { return nil }
                value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
                length = 12
            }
            guard let scalar = Unicode.Scalar(value), let encoded = UTF8.encode(scalar) else { return nil }
            for byte in encoded { _ = append(byte) }
            return length
        default: return nil
        }
    }

    /// The four hexadecimal digits of `\uXXXX` at `index`.
    private func codeUnit(_ index: Int, _ end: Int) -> UInt32? {
        guard index + 6 <= end, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var value: UInt32 = 0
        for digit in bytes[index + 2..<index + 6] {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(digit - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(digit - 87)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(digit - 55)
            default: return nil
            }
        }
        return value
    }
}
