/// Cuts a text into the words that byte-pair merges stay inside, as the pre-tokenizer called `smollm` does:
/// first every number character alone (`\p{N}`), then within the pieces between them GPT-2's pattern
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
///
/// One pass without a regular expression: a number character is a word of its own and, for the look-ahead, an end of
/// text. Bytes that are not UTF-8 count as symbols, so that any bytes can be cut.
package struct PreTokenizer {
    private enum Class { case letter, number, space, symbol }

    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0

    package init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// The next word's bytes; nil at the end.
    package mutating func next() -> Range<Int>? {
        guard position < text.count else { return nil }
        let start = position
        if let end = contraction(at: start) {
            position = end
        } else {
            let (first, length) = classify(at: start)
            switch first {
            case .number: position = start + length
            case .letter, .symbol: position = end(of: first, from: start + length)
            case .space: position = endOfSpace(from: start, length)
            }
        }
        return start..<position
    }

    /// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d`: lower case only, wherever they stand.
    private func contraction(at start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < text.count else { return nil }
        switch text[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
        default: return nil
        }
    }

    /// A run of one class from `start` on.
    private func end(of kind: Class, from start: Int) -> Int {
        var at = start
        while at < text.count {
            let (next, length) = classify(at: at)
            guard next == kind else { break }
            at += length
        }
        return at
    }

    private func endOfSpace(from start: Int, _ firstLength: Int) -> Int {
        var last = start
        var at = start + firstLength
        while at < text.count {
            let (next, length) = classify(at: at)
            guard next == .space else {
                if next == .number { return at }  // the piece ends here: `\s+(?!\S)` takes the whole run
                if at == start + firstLength {
                    // One white-space character before a word: a blank joins it, any other stands alone.
                    return text[start] == UInt8(ascii: " ") ? end(of: next, from: at + length) : at
                }
                return last  // the last white-space character is left to the word that follows
            }
            last = at
            at += length
        }
        return at
    }

    private func classify(at start: Int) -> (Class, length: Int) {
        let first = text[start]
        if first < 0x80 {
            switch first {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): return (.letter, 1)
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return (.number, 1)
            case 0x09...0x0D, 0x20: return (.space, 1)
            default: return (.symbol, 1)
            }
        }
        guard let (scalar, length) = decode(at: start) else { return (.symbol, 1) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return (.letter, length)
        case .decimalNumber, .letterNumber, .otherNumber: return (.number, length)
        default: return (scalar.properties.isWhitespace ? .space : .symbol, length)
        }
    }

    /// The scalar of two to four bytes at `start`; nil where the bytes are not UTF-8.
    private func decode(at start: Int) -> (Unicode.Scalar, length: Int)? {
        let first = UInt32(text[start])
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard (0xC2...0xF4).contains(first), start + length <= text.count else { return nil }
        var code = first & (0xFF >> UInt32(length + 1))
        for i in 1..<length {
            let byte = UInt32(text[start + i])
            guard byte & 0xC0 == 0x80 else { return nil }
            code = code << 6 | byte & 0x3F
        }
        let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        guard code >= smallest, let scalar = Unicode.Scalar(code) else { return nil }
        return (scalar, length)
    }
}
