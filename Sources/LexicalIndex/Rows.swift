import StateStore

/// The stored form of an index: keys begin with the escaped namespace, numbers in keys are big endian.
///
///     terms   namespace 00         title weight (varint)
///     terms   namespace 01 label   for each term in byte order: length, UTF-8 bytes, frequency (lengths and numbers: varint)
struct Rows {
    static let documents = ColumnFamily("terms")

    struct Term {
        let text: String
        let frequency: UInt16
    }

    let prefix: [UInt8]

    init(namespace: [UInt8]) { prefix = KeyBuilder().id(namespace).bytes }

    var parametersKey: [UInt8] { prefix + [0] }
    var documentsPrefix: [UInt8] { prefix + [1] }

    func document(_ label: UInt32) -> [UInt8] {
        var key = prefix
        key.reserveCapacity(prefix.count + 5)
        key.append(1)
        withUnsafeBytes(of: label.bigEndian) { key.append(contentsOf: $0) }
        return key
    }

    func label(ofKey key: UnsafeRawBufferPointer) throws(StoreError) -> UInt32 {
        guard key.count == prefix.count + 5 else { throw Self.damaged("a key of \(key.count) bytes") }
        return UInt32(bigEndian: key.loadUnaligned(fromByteOffset: prefix.count + 1, as: UInt32.self))
    }

    func parametersValue(_ parameters: LexicalParameters) -> [UInt8] {
        var bytes: [UInt8] = []
        Self.append(varint: parameters.titleWeight, to: &bytes)
        return bytes
    }

    static func documentValue(_ terms: [Term]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(terms.count * 10)
        for term in terms {
            append(varint: term.text.utf8.count, to: &bytes)
            bytes.append(contentsOf: term.text.utf8)
            append(varint: Int(term.frequency), to: &bytes)
        }
        return bytes
    }

    static func terms(_ value: UnsafeRawBufferPointer, of label: UInt32) throws(StoreError) -> [Term] {
        var terms: [Term] = []
        var offset = 0
        while offset < value.count {
            guard let length = varint(value, &offset), length <= value.count - offset else {
                throw damaged("the row of label \(label)")
            }
            let text = String(decoding: value[offset..<offset + length], as: UTF8.self)
            offset += length
            guard let frequency = varint(value, &offset), let frequency = UInt16(exactly: frequency), frequency > 0
            else {
                throw damaged("the row of label \(label)")
            }
            terms.append(Term(text: text, frequency: frequency))
        }
        return terms
    }

    private static func append(varint number: Int, to bytes: inout [UInt8]) {
        var rest = UInt(max(0, number))
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func varint(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> Int? {
        var number = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            guard offset < bytes.count else { return nil }
            let byte = bytes[offset]
            offset += 1
            number |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    static func damaged(_ what: String) -> StoreError {
        StoreError(
            .corrupted, "lexical index: \(what) cannot be read; delete the store and start again, replay rebuilds it")
    }
}
