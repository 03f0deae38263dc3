/// A number found in the bytes, its grammar checked: significand · 10^exponent, unless digits were dropped.
struct NumberToken {
    var range: Range<Int>
    var isNegative = false
    /// The first 19 digits that count.
    var significand: UInt64 = 0
    var exponent = 0
    /// More digits than the significand holds, or an exponent beyond reason: only the text tells the value.
    var isInexact = false
    var hasExponent = false
}

extension JSONReader {
    /// A number, or a string that holds one and nothing else, as proto3's JSON mapping allows.
    @inline(__always)
    mutating func number() throws(SchemaError) -> NumberToken {
        switch peek() {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try scanNumber()
        case UInt8(ascii: "\""):
            let start = position
            position += 1
            let token = try scanNumber()
            guard position < bytes.count else { throw failure(.truncated) }
            guard bytes[position] == UInt8(ascii: "\"") else { throw failure(.invalidNumber, at: start) }
            position += 1
            return token
        default: throw unexpected()
        }
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    @inline(__always)
    mutating func scanNumber() throws(SchemaError) -> NumberToken {
        let start = position
        var token = NumberToken(range: start..<start)
        var index = start
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") {
            token.isNegative = true
            index += 1
        }
        let integerStart = index
        if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
            index += 1
        } else {
            scanDigits(&index, &token)
        }
        var isWellFormed = index > integerStart
        if isWellFormed, index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            let fractionStart = index
            scanDigits(&index, &token)
            token.exponent = fractionStart - index
            isWellFormed = index > fractionStart
        }
        if isWellFormed, index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            isWellFormed = scanExponent(&index, &token)
        }
        guard isWellFormed else { throw failure(index < bytes.count ? .invalidNumber : .truncated, at: index) }
        token.range = start..<index
        position = index
        return token
    }

    @inline(__always)
    private func scanDigits(_ index: inout Int, _ token: inout NumberToken) {
        while index < bytes.count {
            let digit = bytes[index] &- 48
            guard digit <= 9 else { return }
            if token.significand < 1_000_000_000_000_000_000 {
                token.significand = token.significand * 10 + UInt64(digit)
            } else {
                token.isInexact = true
            }
            index += 1
        }
    }

    /// Sign and digits behind an `e`; false where there are none.
    private func scanExponent(_ index: inout Int, _ token: inout NumberToken) -> Bool {
        token.hasExponent = true
        var isNegative = false
        if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
            isNegative = bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        let start = index
        var value = 0
        while index < bytes.count, bytes[index] &- 48 <= 9 {
            if value < 100_000 { value = value * 10 + Int(bytes[index] - 48) } else { token.isInexact = true }
            index += 1
        }
        token.exponent += isNegative ? -value : value
        return index > start
    }

    // MARK: Conversion

    /// Correctly rounded. A significand below 2^53 and a power of ten up to 10^22 are doubles without error, so one
    /// multiplication or division rounds once (W. Clinger, "How to Read Floating Point Numbers Accurately", 1990).
    @inline(__always)
    func double(_ token: NumberToken) throws(SchemaError) -> Double {
        if !token.isInexact, token.significand < 1 << 53, token.exponent.magnitude <= 22 {
            let power = Self.powersOfTen[Int(token.exponent.magnitude)]
            let significand = Double(token.significand)
            let value = token.exponent < 0 ? significand / power : significand * power
            return token.isNegative ? -value : value
        }
        return try doubleOfText(token)
    }

    @inline(never)
    private func doubleOfText(_ token: NumberToken) throws(SchemaError) -> Double {
        guard let value = bytes.text(token.range).flatMap({ Double($0) }), value.isFinite else {
            throw failure(.invalidNumber, at: token.range.lowerBound)
        }
        return value
    }

    /// Correctly rounded, by way of the double. Rounding twice differs from rounding once only where the double lies
    /// exactly half-way between two floats (its 29 bits beyond a float's are 1 and zeros), since every other double is
    /// on the same side of the half-way point as the number itself; and floats below 2^-126 have fewer bits.
    @inline(__always)
    func float(_ token: NumberToken) throws(SchemaError) -> Float {
        let value = try double(token)
        let isHalfWay = value.bitPattern & 0x1FFF_FFFF == 0x1000_0000
        let rounded = Float(value)
        if isHalfWay || (rounded.magnitude < .leastNormalMagnitude && value != 0) { return try floatOfText(token) }
        guard rounded.isFinite else { throw failure(.invalidNumber, at: token.range.lowerBound) }
        return rounded
    }

    @inline(never)
    private func floatOfText(_ token: NumberToken) throws(SchemaError) -> Float {
        guard let value = bytes.text(token.range).flatMap({ Float($0) }), value.isFinite else {
            throw failure(.invalidNumber, at: token.range.lowerBound)
        }
        return value
    }

    /// The number where it is whole and fits 64 bits; `1.0` and `1e3` are whole too. Exact: no double comes in between.
    @inline(__always)
    func integer(_ token: NumberToken) throws(SchemaError) -> Int64 {
        var magnitude = token.significand, isWhole = !token.isInexact || magnitude == 0
        if token.exponent != 0, magnitude != 0 { isWhole = isWhole && Self.scale(&magnitude, token.exponent) }
        let largest = UInt64(Int64.max) + (token.isNegative ? 1 : 0)
        guard isWhole, magnitude <= largest else { throw failure(.invalidNumber, at: token.range.lowerBound) }
        let value = Int64(bitPattern: magnitude)
        return token.isNegative ? 0 &- value : value
    }

    /// Multiplies by a power of ten; false where that gives a fraction or leaves 64 bits.
    @inline(never)
    private static func scale(_ value: inout UInt64, _ exponent: Int) -> Bool {
        guard exponent.magnitude < 20 else { return false }
        for _ in 0..<exponent.magnitude {
            if exponent < 0 {
                guard value % 10 == 0 else { return false }
                value /= 10
            } else {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                guard !overflow else { return false }
                value = product
            }
        }
        return true
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
