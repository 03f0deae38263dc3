import NoteLLM

/// A digest of a set of entries that does not depend on their order: the sum, modulo 2^128, of the first halves of the
/// entries' SHA-256.
///
/// Made to find accidents, not forgers: whoever may choose entries can steer a sum.
package struct StateDigest: Sendable, Hashable {
    /// How many entries went in.
    package private(set) var entries = 0
    private var high: UInt64 = 0
    private var low: UInt64 = 0

    /// The digest of nothing.
    package init() {}

    /// Adds an entry, by bytes that no other entry has.
    package mutating func add(_ entry: [UInt8]) {
        let hash = SHA256.hash(entry)
        func word(_ from: Int) -> UInt64 { hash[from..<from + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        let (sum, carry) = low.addingReportingOverflow(word(8))
        low = sum
        high = high &+ word(0) &+ (carry ? 1 : 0)
        entries += 1
    }

    /// 32 hexadecimal digits.
    package var hex: String { Self.digits(high) + Self.digits(low) }

    private static func digits(_ word: UInt64) -> String {
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
