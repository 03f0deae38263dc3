/// How a record's value is written, as its `content-type` header says.
public enum ContentType: String, Sendable, CaseIterable {
    /// proto3's JSON mapping, readable with kcat; what a record without the header has.
    case json = "application/json"
    /// protobuf's binary form.
    case protobuf = "application/x-protobuf"

    /// The header's name.
    public static let headerName = "content-type"

    /// The value to send in the header.
    public var headerValue: [UInt8] { self == .json ? Self.jsonBytes : Self.protobufBytes }

    /// Reads the header's value: nil (no header) is JSON, letter case and parameters (`; charset=utf-8`) are ignored.
    public init(header: [UInt8]?) throws(SchemaError) {
        // The usual spellings first: this runs for every record.
        guard let header, header != Self.jsonBytes else {
            self = .json
            return
        }
        if header == Self.protobufBytes {
            self = .protobuf
            return
        }
        let name = String(decoding: header.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        guard let type = Self(rawValue: name.lowercased().filter { $0 != " " && $0 != "\t" }) else {
            let shown = name.prefix(100)
            throw SchemaError(
                .unknownContentType, field: Self.headerName,
                detail: "'\(shown)' cannot be read; \(SchemaError.Reason.unknownContentType.explanation)")
        }
        self = type
    }

    private static let jsonBytes = Array(Self.json.rawValue.utf8)
    private static let protobufBytes = Array(Self.protobuf.rawValue.utf8)

    /// Writes a message: specialised for each, since the generated code calls it with a concrete type.
    @inline(__always)
    func write<Payload: WireMessage>(_ message: Payload) throws(SchemaError) -> [UInt8] {
        switch self {
        case .json: try JSONWriter.write(message)
        case .protobuf: try ProtobufWriter.write(message)
        }
    }
}
