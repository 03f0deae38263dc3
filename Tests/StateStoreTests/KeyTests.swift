import StateStore
import Support
import Testing

@Suite struct KeyTests {
    private struct Parts: Equatable {
        var number: UInt32
        var signed: Int64
        var id: [UInt8]

        var key: [UInt8] { KeyBuilder().uint32(number).int64(signed).id(id).bytes }

        static func < (left: Parts, right: Parts) -> Bool {
            if left.number != right.number { return left.number < right.number }
            if left.signed != right.signed { return left.signed < right.signed }
            return left.id.lexicographicallyPrecedes(right.id)
        }
    }

    @Test func keysSortAsTheirPartsAndReadBack() throws {
        var generator = SeededGenerator(seed: 1)
        let signed: [Int64] = [.min, -5, -1, 0, 1, 7, .max]
        let parts = (0..<120).map { _ in
            Parts(
                number: UInt32.random(in: 0...2, using: &generator) << 7,
                signed: signed.randomElement(using: &generator) ?? 0,
                id: (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    [0, 1, 2, 0x61, 0xFE, 0xFF].randomElement(using: &generator) ?? 0
                })
        }
        for left in parts {
            try left.key.withUnsafeBytes { bytes throws in
                var reader = KeyReader(bytes)
                #expect(try reader.uint32() == left.number)
                #expect(try reader.int64() == left.signed)
                #expect(try reader.id() == left.id)
                #expect(reader.isAtEnd)
            }
            for right in parts {
                #expect((left < right) == left.key.lexicographicallyPrecedes(right.key))
                #expect(left == right || !right.key.starts(with: left.key))
            }
        }
    }

    @Test func shortKeysAreRefused() {
        for bytes: [UInt8] in [[], [1, 2, 3], [0x61], [0x61, 0], [0x61, 0, 7]] {
            bytes.withUnsafeBytes { bytes in
                #expect(throws: StoreError.self) {
                    var reader = KeyReader(bytes)
                    _ = try reader.id()
                }
                #expect(throws: StoreError.self) {
                    var reader = KeyReader(bytes)
                    _ = try reader.uint32()
                }
            }
        }
    }
}
