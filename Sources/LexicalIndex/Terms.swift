/// Splits text into the words that are indexed, searched and counted.
///
/// - A term is a run of letters, digits and their combining marks, lower-cased. No stop words: inverse document frequency
///   does that work in every language.
/// - A point between digits belongs to the number (`4.5`). Two plus signs or more after a word, and a number sign after a
///   single letter, belong to the name (`c++`, `f#`).
/// - An apostrophe ends a word, and a single letter after it is dropped (`brewer's` is `brewer`, `don't` is `don`).
/// - Scripts written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar) give overlapping pairs of characters, and a
///   single character where it stands alone.
/// - Emoji and other symbols give nothing, and neither does a run longer than 64 bytes: it is no word.
public enum Terms {
    /// The terms of `text` in order, repetitions included.
    public static func split(_ text: String) -> [String] {
        var text = text
        return text.withUTF8 { bytes in
            var splitter = Splitter(bytes: bytes)
            return splitter.run()
        }
    }
}

/// One pass over the bytes of a text. ASCII is classified by comparing bytes; the rest is decoded and asked of Unicode.
private struct Splitter {
    let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var terms: [String] = []
    /// The word being read, in UTF-8.
    private var word: [UInt8] = []
    private var wordFollowsApostrophe = false
    /// The run of characters of a script without spaces: its last one and its length.
    private var lastUnspaced: Unicode.Scalar = "\0"
    private var unspacedCount = 0

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        terms.reserveCapacity(bytes.count / 5)
        word.reserveCapacity(32)
    }

    mutating func run() -> [String] {
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x80 {
                endUnspaced()
                position += 1
                read(ascii: byte)
            } else {
                let (scalar, length) = decode()
                position += length
                read(scalar)
            }
        }
        endUnspaced()
        endWord()
        return terms
    }

    private mutating func read(ascii byte: UInt8) {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            word.append(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            word.append(byte | 0x20)
        case UInt8(ascii: "."):
            if isDigit(word.last), position < bytes.count, isDigit(bytes[position]) {
                word.append(byte)
            } else {
                endWord()
            }
        case UInt8(ascii: "+"), UInt8(ascii: "#"):
            readSuffix(byte)
        case UInt8(ascii: "'"):
            endWord()
            wordFollowsApostrophe = true
        default:
            endWord()
        }
    }

    /// The end of a name such as `c++`, `notepad++` or `f#`, whose first sign is read already.
    private mutating func readSuffix(_ sign: UInt8) {
        var length = 1
        while position < bytes.count, bytes[position] == sign {
            position += 1
            length += 1
        }
        let endsName =
            sign == UInt8(ascii: "+") ? !word.isEmpty && length >= 2 : word.count == 1 && length == 1
        let goesOn = position < bytes.count && (isLetterOrDigit(bytes[position]) || bytes[position] >= 0x80)
        if endsName, !goesOn, !isDigit(word.last) {
            word.append(contentsOf: repeatElement(sign, count: length))
        }
        endWord()
    }

    private mutating func read(_ scalar: Unicode.Scalar) {
        if isUnspaced(scalar) {
            endWord()
            readUnspaced(scalar)
        } else if scalar == "\u{2019}" {
            endUnspaced()
            endWord()
            wordFollowsApostrophe = true
        } else if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
            endUnspaced()
            word.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
        } else if isMark(scalar) {
            if !word.isEmpty { word.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }
        } else if scalar.properties.isDefaultIgnorableCodePoint {
            // Soft hyphens and joiners stand inside words and are not part of them.
        } else {
            endUnspaced()
            endWord()
        }
    }

    private mutating func readUnspaced(_ scalar: Unicode.Scalar) {
        if unspacedCount > 0 {
            var pair = String(lastUnspaced)
            pair.unicodeScalars.append(scalar)
            terms.append(pair)
        }
        lastUnspaced = scalar
        unspacedCount += 1
    }

    private mutating func endUnspaced() {
        if unspacedCount == 1 { terms.append(String(lastUnspaced)) }
        unspacedCount = 0
    }

    private mutating func endWord() {
        if !word.isEmpty, word.count <= 64, !(wordFollowsApostrophe && word.count == 1) {
            terms.append(String(decoding: word, as: UTF8.self))
        }
        word.removeAll(keepingCapacity: true)
        wordFollowsApostrophe = false
    }

    /// The scalar at the position. The bytes are those of a `String`, so they are well formed.
    private func decode() -> (Unicode.Scalar, Int) {
        let length = bytes[position] >= 0xF0 ? 4 : bytes[position] >= 0xE0 ? 3 : 2
        var value = UInt32(bytes[position]) & (0x7F >> UInt32(length))
        for offset in 1..<length { value = value << 6 | UInt32(bytes[position + offset] & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }
}

private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
}

private func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: !scalar.properties.isVariationSelector
    default: false
    }
}

/// Characters of scripts that put no spaces between words. Hangul has spaces.
private func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0E01...0x0E4E, 0x0E81...0x0EDF: true  // Thai, Lao
    case 0x1000...0x103F, 0x1050...0x108F: true  // Myanmar
    case 0x1780...0x17D3: true  // Khmer
    case 0x3005...0x3007, 0x3041...0x3096, 0x3099...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF: true  // Kana
    case 0x31F0...0x31FF, 0xFF66...0xFF9F: true  // Kana, smaller and narrower
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF: true  // Han
    default: false
    }
}
