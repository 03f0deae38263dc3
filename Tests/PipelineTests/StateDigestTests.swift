import Pipeline
import Support
import Testing

@Suite("State digests")
struct StateDigestTests {
    @Test(
        "the same entries in any order give the same digest; one more, one less or another one does not",
        arguments: 1...20)
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let entries = (0..<Int.random(in: 1...60, using: &random)).map { number in
            bytes("entry \(number)") + (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        let digest = digest(entries)
        #expect(digest == self.digest(entries.shuffled(using: &random)))
        #expect(digest != self.digest(entries.dropLast()))
        #expect(digest != self.digest(entries + [entries[0]]), "an entry twice is not the entry once")
        var other = entries
        other[0].append(0)
        #expect(digest != self.digest(other))
    }

    /// From Python: hashlib.sha256(b"a") and (b"b"), first 16 bytes as big-endian numbers, added.
    @Test("it is the sum of the first halves of SHA-256")
    func known() {
        #expect(digest([bytes("a")]).hex == "ca978112ca1bbdcafac231b39a23dc4d")
        #expect(digest([bytes("a"), bytes("b")]).hex == Self.sum)
        #expect(digest([]).hex == "00000000000000000000000000000000")
        #expect(digest([bytes("a"), bytes("b")]).entries == 2)
    }

    private static let sum = "08bb6928ca5517152e4b8118ff058d81"

    private func digest(_ entries: some Sequence<[UInt8]>) -> StateDigest {
        var digest = StateDigest()
        for entry in entries { digest.add(entry) }
        return digest
    }
}
