extension JSONReader: FieldDecoder {
    mutating func string() throws(SchemaError) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected() }
        return try string(of: try scanString())
    }

    mutating func double() throws(SchemaError) -> Double {
        try double(try number())
    }

    mutating func int64() throws(SchemaError) -> Int64 {
        try integer(try number())
    }

    mutating func int32() throws(SchemaError) -> Int32 {
        let token = try number()
        guard let value = Int32(exactly: try integer(token)) else {
            throw failure(.invalidNumber, at: token.range.lowerBound)
        }
        return value
    }

    mutating func timestamp(merging _: Timestamp?) throws(SchemaError) -> Timestamp {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected() }
        // An escape within is refused by the parser: no time is written with a backslash.
        let token = try scanString()
        guard let time = RFC3339.parse(CheckedBytes(bytes[token.range])) else {
            throw failure(.invalidTimestamp, at: token.range.lowerBound)
        }
        return time
    }

    mutating func strings(into values: inout [String]) throws(SchemaError) {
        try array { reader throws(SchemaError) in values.append(try reader.string()) }
    }

    mutating func floats(into values: inout [Float]) throws(SchemaError) {
        try array { reader throws(SchemaError) in values.append(try reader.float(try reader.number())) }
    }

    mutating func messages<Element: WireMessage>(into values: inout [Element]) throws(SchemaError) {
        try array { reader throws(SchemaError) in
            var element = Element.blank
            try reader.object(into: &element)
            values.append(element)
        }
    }
}
