/// GPT-2's spelling of bytes in vocabulary files: every byte is one printable character
/// (openai/gpt-2, `encoder.py`, `bytes_to_unicode`).
enum ByteAlphabet {
    /// The byte that the character of a code stands for, by code; -1 where there is none. The last code is U+0143.
    private static let byteOfCode: [Int16] = {
        var result = [Int16](repeating: -1, count: 512)
        var next = 256
        for byte in 0...255 {
            // Printable Latin-1 stands for itself; the others are numbered from U+0100 on.
            if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 {
                result[byte] = Int16(byte)
            } else {
                result[next] = Int16(byte)
                next += 1
            }
        }
        return result
    }()

    /// The bytes that a vocabulary entry, in UTF-8, spells; nil when it has anything outside the alphabet.
    static func decode(_ entry: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entry.count)
        var at = entry.startIndex
        while at < entry.endIndex {
            // Every character of the alphabet takes one or two bytes of UTF-8, the first of two being C2 to C5.
            var code = Int(entry[at])
            if code >= 0x80 {
                guard (0xC2...0xC5).contains(code), at + 1 < entry.endIndex, entry[at + 1] & 0xC0 == 0x80 else {
                    return nil
                }
                code = (code & 0x1F) << 6 | Int(entry[at + 1] & 0x3F)
                at += 1
            }
            guard let byte = UInt8(exactly: byteOfCode[code]) else { return nil }
            bytes.append(byte)
            at += 1
        }
        return bytes
    }
}
