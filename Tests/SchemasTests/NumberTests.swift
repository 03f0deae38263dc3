import Schemas
import Support
import Testing

/// The fast paths of number parsing against the standard library's.
@Suite struct NumberTests {
    private func float(_ text: String) -> Float? {
        (try? NoteProfile(json: Array(#"{"embedding":[\#(text)]}"#.utf8)))?.embedding.first
    }
    private func double(_ text: String) -> Double? {
        (try? Hashtag(json: Array(#"{"score":\#(text)}"#.utf8)))?.score
    }
    private func int64(_ text: String) -> Int64? {
        (try? TargetDelta(json: Array(#"{"delta":\#(text)}"#.utf8)))?.delta
    }

    @Test func randomDecimals() {
        var source = SeededGenerator(seed: 1)
        for _ in 0..<30_000 {
            let digits = Int.random(in: 1...25, using: &source)
            var text = source.chance(2) ? "-" : ""
            text += "\(Int.random(in: 1...9, using: &source))"
            for _ in 1..<max(2, digits) { text += "\(Int.random(in: 0...9, using: &source))" }
            if source.chance(2) { text += ".\(UInt64.random(in: 0...1 << 40, using: &source))" }
            if source.chance(2) { text += "e\(Int.random(in: -60...30, using: &source))" }
            let wide = Double(text), narrow = Float(text)
            same(double(text)?.bitPattern, wide.flatMap { $0.isFinite ? $0.bitPattern : nil }, text)
            same(float(text)?.bitPattern, narrow.flatMap { $0.isFinite ? $0.bitPattern : nil }, text)
        }
    }

    /// Decimals on and beside the half-way point of two floats, where rounding by way of a double would go wrong.
    @Test func halfWayBetweenFloats() {
        var source = SeededGenerator(seed: 2)
        for _ in 0..<5_000 {
            let value = Float.random(in: 0.001...1, using: &source)
            let middle = (Double(value) + Double(value.nextUp)) / 2
            // Its exact decimal expansion, and the same with a digit far behind.
            let exactText = exactDecimal(middle)
            for text in [exactText, exactText + "0000000001", String(middle.description.dropLast())] {
                same(float(text)?.bitPattern, Float(text)?.bitPattern, text)
            }
        }
        #expect(float("1.00000005960464477539062500000001") == Float(1).nextUp)
        #expect(float("1.000000059604644775390625") == 1)
    }

    /// The digits of a double below 1: multiply by ten, take the integer part, which is exact for so few bits.
    private func exactDecimal(_ value: Double) -> String {
        var numerator: [Int] = []
        // value = m · 2^-k: long division of m·10^i by 2^k in base 10, digit by digit.
        var bits: [Bool] = []
        var rest = value
        while rest != 0 {
            rest *= 2
            bits.append(rest >= 1)
            if rest >= 1 { rest -= 1 }
        }
        for bit in bits.reversed() {  // digits = (bit + digits) / 2
            var carry = bit ? 1 : 0
            for index in numerator.indices {
                let digit = carry * 10 + numerator[index]
                numerator[index] = digit / 2
                carry = digit % 2
            }
            while carry > 0 {
                numerator.append(carry * 10 / 2)
                carry = carry * 10 % 2
            }
        }
        return "0." + numerator.map(String.init).joined()
    }

    @Test func floatBitPatterns() throws {
        var source = SeededGenerator(seed: 3)
        for _ in 0..<50_000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: source.next()))
            guard value.isFinite else { continue }
            same(float(value.description)?.bitPattern, value.bitPattern, value.description)
        }
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("5", 5), (#""5""#, 5), ("1.0", 1), ("1e3", 1000), ("12e-1", nil), ("1.5", nil),
        ("9223372036854775807", Int64.max), (#""-9223372036854775808""#, Int64.min), ("9223372036854775808", nil),
        ("-9223372036854775809", nil), ("9007199254740992.0", 1 << 53), ("9007199254740993.0", (1 << 53) + 1),
        ("1e18", 1_000_000_000_000_000_000), ("1e19", nil), ("120e-1", 12), ("1.000000000000000001", nil),
        ("1e-400", nil),
        ("92233720368547758070e-1", nil), ("9223372036854775.807e3", Int64.max), ("10000000000000000000.0", nil),
        ("01", nil), ("+1", nil), ("\"\"", nil), ("\" 1\"", nil), ("\"1 \"", nil), ("true", nil), ("\"0x10\"", nil),
        ("999999999999999999", 999_999_999_999_999_999), ("1000000000000000000", 1_000_000_000_000_000_000),
        ("9999999999999999999", nil), ("1e999", nil), ("\"NaN\"", nil), ("1e-999999999999", nil), ("0e999999999999", 0),
    ])
    func integers(_ text: String, _ value: Int64?) { #expect(int64(text) == value) }

    @Test(arguments: [
        ("1e308", 1e308), ("1e309", nil), ("-1e309", nil), ("1e-400", 0), (#""1.5""#, 1.5), (#""NaN""#, nil),
        (#""Infinity""#, nil), (#""-Infinity""#, nil), ("NaN", nil), ("Infinity", nil), ("1.", nil), (".5", nil),
        ("1e", nil), ("1e+", nil), ("-", nil), ("--1", nil), ("0x1p3", nil), ("00", nil), ("-0", -0.0), ("1E5", 1e5),
        ("0.1e1", 1), ("1_000", nil), ("null", 0), ("[1]", nil), ("{}", nil),
    ])
    func doubles(_ text: String, _ value: Double?) { #expect(double(text)?.bitPattern == value?.bitPattern) }

    @Test(arguments: [
        ("3.5e38", nil), ("3.4e38", 3.4e38), ("3.4028235e+38", Float.greatestFiniteMagnitude), ("-3.5e38", nil),
        ("1e-50", 0), ("1e-45", Float.leastNonzeroMagnitude),
    ])
    func floats(_ text: String, _ value: Float?) { #expect(float(text)?.bitPattern == value?.bitPattern) }

    @Test func int32Bounds() throws {
        func chunks(_ text: String) -> Int32? {
            (try? ModelManifest(json: Array(#"{"chunks":\#(text)}"#.utf8)))?.chunks
        }
        #expect(chunks("2147483647") == Int32.max)
        #expect(chunks("\"-2147483648\"") == Int32.min)
        #expect(chunks("2147483648") == nil)
    }
}
