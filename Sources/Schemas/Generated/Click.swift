// Generated from Topics/click.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// A user touched a note. Topic `clicks`, key: the user's id.
///
/// A record without a value (a tombstone) forgets the user named by its key. A click without user and note, in a record
/// without a key, is a tick: it only moves the partition's stream time on, which a quiet partition needs.
public struct Click: Message {
    /// Who clicked: at most 512 bytes of UTF-8. May be left out where the record's key says it; where both say it they
    /// must agree.
    public var user: String

    /// What was clicked: the id of a note, at most 512 bytes of UTF-8. It need not exist yet.
    public var note: String

    /// When it was clicked, in event time. Absent: the record's timestamp; a tick must say it.
    public var time: Timestamp?

    /// What the user did (`view`, `like`, `share`, …), at most 64 bytes; carried along for training, every kind counts the
    /// same.
    public var kind: String

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(user: String = "", note: String = "", time: Timestamp? = nil, kind: String = "") {
        self.user = user
        self.note = note
        self.time = time
        self.kind = kind
    }

    /// Reads strict proto3 JSON; throws what is wrong, in which field and at which byte.
    public init(json bytes: UnsafeRawBufferPointer) throws(SchemaError) {
        self = try JSONReader.read(bytes)
    }

    /// Reads protobuf's binary form; throws what is wrong, in which field and at which byte.
    public init(protobuf bytes: UnsafeRawBufferPointer) throws(SchemaError) {
        self = try ProtobufReader.read(bytes)
    }

    /// Writes the message; throws where a number is not finite.
    public func encode(as type: ContentType) throws(SchemaError) -> [UInt8] {
        try type.write(self)
    }
}

extension Click: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "user"),
        Field(2, "note"),
        Field(3, "time"),
        Field(4, "kind"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: user = try decoder.string()
        case 2: note = try decoder.string()
        case 3: time = try decoder.timestamp(merging: time)
        case 4: kind = try decoder.string()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "user"), user)
        encoder.string(Field(2, "note"), note)
        encoder.timestamp(Field(3, "time"), time)
        encoder.string(Field(4, "kind"), kind)
    }
}
