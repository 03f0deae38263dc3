// Generated from Topics/dead_letter.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// Why a record was set aside. Topic `dead-letters`: key and value are the original's bytes, its headers are kept, and
/// these fields travel as further headers, one each, named `dead-letter-` and the field's name with `-` for `_`; numbers
/// are written in decimal and times as in JSON. So `kcat -t dead-letters -f '%h\n'` shows them, and a record can be sent
/// again as it was: `notestream dead-letters retry` does. Headers that begin with `dead-letter-` are notestream's own.
///
/// Two kinds of records on the topic are no letters and have neither key nor value nor `dead-letter-reason`: one with
/// `dead-letter-retried` says that the letter at that partition@offset, of the origin in its other headers, was sent again;
/// one with `dead-letter-retry-begun` marks the start of a retry.
public struct DeadLetter: Message {
    /// The stage that could not read the record: `profile`, `session`, `recommend`, …
    public var stage: String

    /// What is wrong, as a short code such as `wrong-type` or `time-too-late`.
    public var reason: String

    /// Path of the field that is wrong, as in `items[3].score`. Empty: the record as a whole.
    public var field: String

    /// What was found and what to do about it, in a sentence.
    public var detail: String

    /// The topic that the record was read from.
    public var topic: String

    /// The partition that it was read from.
    public var partition: Int32

    /// Its offset in the partition.
    public var offset: Int64

    /// The record's timestamp.
    public var time: Timestamp?

    /// How often the record had been sent again by `notestream dead-letters retry` when it was set aside; it carries the
    /// count on its way. More than a few: whatever is wrong does not pass by itself.
    public var retries: Int32

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(
        stage: String = "",
        reason: String = "",
        field: String = "",
        detail: String = "",
        topic: String = "",
        partition: Int32 = 0,
        offset: Int64 = 0,
        time: Timestamp? = nil,
        retries: Int32 = 0
    ) {
        self.stage = stage
        self.reason = reason
        self.field = field
        self.detail = detail
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.time = time
        self.retries = retries
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

extension DeadLetter: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "stage"),
        Field(2, "reason"),
        Field(3, "field"),
        Field(4, "detail"),
        Field(5, "topic"),
        Field(6, "partition"),
        Field(7, "offset"),
        Field(8, "time"),
        Field(9, "retries"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: stage = try decoder.string()
        case 2: reason = try decoder.string()
        case 3: field = try decoder.string()
        case 4: detail = try decoder.string()
        case 5: topic = try decoder.string()
        case 6: partition = try decoder.int32()
        case 7: offset = try decoder.int64()
        case 8: time = try decoder.timestamp(merging: time)
        case 9: retries = try decoder.int32()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "stage"), stage)
        encoder.string(Field(2, "reason"), reason)
        encoder.string(Field(3, "field"), field)
        encoder.string(Field(4, "detail"), detail)
        encoder.string(Field(5, "topic"), topic)
        encoder.int32(Field(6, "partition"), partition)
        encoder.int64(Field(7, "offset"), offset)
        encoder.timestamp(Field(8, "time"), time)
        encoder.int32(Field(9, "retries"), retries)
    }
}
