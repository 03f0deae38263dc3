/// An event as described in Topics/*.proto. The conforming structs are generated.
public protocol Message: Equatable, Sendable {
    /// Reads strict proto3 JSON.
    init(json bytes: UnsafeRawBufferPointer) throws(SchemaError)

    /// Reads protobuf's binary form.
    init(protobuf bytes: UnsafeRawBufferPointer) throws(SchemaError)

    /// Writes the message; throws where a number is not finite.
    func encode(as type: ContentType) throws(SchemaError) -> [UInt8]
}

extension Message {
    /// Reads strict proto3 JSON.
    public init(json bytes: [UInt8]) throws(SchemaError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(SchemaError) in
            try Self(json: UnsafeRawBufferPointer(buffer))
        }
    }

    /// Reads protobuf's binary form.
    public init(protobuf bytes: [UInt8]) throws(SchemaError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(SchemaError) in
            try Self(protobuf: UnsafeRawBufferPointer(buffer))
        }
    }

    /// Reads a record's value in the form that its content type says.
    public static func decode(_ value: [UInt8], contentType: ContentType) throws(SchemaError) -> Self {
        switch contentType {
        case .json: try Self(json: value)
        case .protobuf: try Self(protobuf: value)
        }
    }
}

/// What a generated message gives the codec: one decode and one encode serve JSON and binary alike.
protocol WireMessage: Message {
    /// The message with every field at its proto3 default.
    static var blank: Self { get }

    /// At most 64, so that a set of fields fits a word.
    static var fields: [Field] { get }

    /// Reads the value that `decoder` stands at into the field with this number.
    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError)

    /// Hands every field to the encoder, which leaves defaults out.
    func encode(to encoder: inout some FieldEncoder)
}

/// A field's number in the binary form and its names in JSON.
struct Field: Sendable {
    let number: UInt32
    /// The proto3 JSON name (camel case): what is written.
    let name: StaticString
    /// The name in the .proto, accepted too when reading.
    let protoName: StaticString

    @inline(__always)
    init(_ number: UInt32, _ name: StaticString, proto protoName: StaticString? = nil) {
        self.number = number
        self.name = name
        self.protoName = protoName ?? name
    }
}

/// Reads values of fields, from JSON or binary. A `repeated` field is read into its array, since JSON gives all of its
/// elements at once and binary one at a time.
protocol FieldDecoder {
    mutating func string() throws(SchemaError) -> String
    mutating func double() throws(SchemaError) -> Double
    mutating func int32() throws(SchemaError) -> Int32
    mutating func int64() throws(SchemaError) -> Int64
    /// Binary may give a message in pieces, of which later ones add to `earlier`.
    mutating func timestamp(merging earlier: Timestamp?) throws(SchemaError) -> Timestamp
    mutating func strings(into values: inout [String]) throws(SchemaError)
    mutating func floats(into values: inout [Float]) throws(SchemaError)
    mutating func messages<Element: WireMessage>(into values: inout [Element]) throws(SchemaError)
}

/// Writes fields that are not at their default.
protocol FieldEncoder {
    mutating func string(_ field: Field, _ value: String)
    mutating func double(_ field: Field, _ value: Double)
    mutating func int32(_ field: Field, _ value: Int32)
    mutating func int64(_ field: Field, _ value: Int64)
    mutating func timestamp(_ field: Field, _ value: Timestamp?)
    mutating func strings(_ field: Field, _ values: [String])
    mutating func floats(_ field: Field, _ values: [Float])
    mutating func messages<Element: WireMessage>(_ field: Field, _ values: [Element])
}

enum WireLimits {
    /// How deep objects, arrays and messages may nest. The schemas need three; the rest is for fields yet unknown.
    static let depth = 32
}
