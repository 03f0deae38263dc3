/// GPT-2's spelling of bytes in vocabulary files: every byte is one printable character
/// (openai/gpt-2, `encoder.py`, `bytes_to_unicode`).
enum ByteAlphabet {
    /// The byte each character stands for.
    static let byte: [Unicode.Scalar: UInt8] = {
        var result: [Unicode.Scalar: UInt8] = [:]
        var next: UInt32 = 256
        for byte in UInt8.min...UInt8.max {
            // Printable Latin-1 stands for itself; the others are numbered from U+0100 on.
            let printable = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
            let code = printable ? UInt32(byte) : next
            if !printable { next += 1 }
            if let scalar = Unicode.Scalar(code) { result[scalar] = byte }
        }
        return result
    }()

    /// The bytes that a vocabulary entry spells; nil when it is not UTF-8 or has a character outside the alphabet.
    static func decode(_ entry: some Sequence<UInt8>) -> [UInt8]? {
        guard let text = String(validating: entry, as: UTF8.self) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = byte[scalar] else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
