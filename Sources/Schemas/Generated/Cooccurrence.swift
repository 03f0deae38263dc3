// Generated from Topics/cooccurrence.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// How the co-occurrence scores of one note changed within one bucket of event time. Topic `cooccurrence`, key: the
/// source note's id; written in transactions by the session stage, which combines the deltas of a batch.
///
/// A record without a source announces the stream time of a clicks partition and carries no targets; every partition of
/// the topic gets one whenever stream time enters a new bucket.
public struct PairDelta: Message {
    /// A in s(A→B): the note that was clicked earlier. Empty: an announcement of stream time.
    public var source: String

    /// The bucket of the earlier click: its event time divided by the bucket's length, rounded down.
    public var bucket: Int64

    /// One entry for each note B whose score or users changed.
    public var targets: [TargetDelta]

    /// Stream time of the clicks partition when this was written. Readers drop the buckets that it leaves behind.
    public var time: Timestamp?

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(source: String = "", bucket: Int64 = 0, targets: [TargetDelta] = [], time: Timestamp? = nil) {
        self.source = source
        self.bucket = bucket
        self.targets = targets
        self.time = time
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

extension PairDelta: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "source"),
        Field(2, "bucket"),
        Field(3, "targets"),
        Field(4, "time"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: source = try decoder.string()
        case 2: bucket = try decoder.int64()
        case 3: try decoder.messages(into: &targets)
        case 4: time = try decoder.timestamp(merging: time)
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "source"), source)
        encoder.int64(Field(2, "bucket"), bucket)
        encoder.messages(Field(3, "targets"), targets)
        encoder.timestamp(Field(4, "time"), time)
    }
}

/// The change of one pair.
public struct TargetDelta: Message {
    /// B in s(A→B): the note that was clicked later.
    public var note: String

    /// What to add to the score, in fixed point: 2^32 stands for 1. Sums are exact and do not depend on order.
    public var delta: Int64

    /// How many more users clicked the one and later the other; below 0 where they became fewer.
    public var users: Int32

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(note: String = "", delta: Int64 = 0, users: Int32 = 0) {
        self.note = note
        self.delta = delta
        self.users = users
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

extension TargetDelta: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "note"),
        Field(2, "delta"),
        Field(3, "users"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: note = try decoder.string()
        case 2: delta = try decoder.int64()
        case 3: users = try decoder.int32()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "note"), note)
        encoder.int64(Field(2, "delta"), delta)
        encoder.int32(Field(3, "users"), users)
    }
}

/// How the number of clicks on one note changed within one hour of event time. Topic `activity`, key: the note's id.
/// Counts the same clicks as the pairs do, so that repeats, forgotten users and the cap act on both alike.
public struct ActivityDelta: Message {
    /// The note. Empty: an announcement of stream time, as in PairDelta.
    public var note: String

    /// The hour of the clicks: event time in milliseconds divided by 3,600,000, rounded down.
    public var hour: Int64

    /// What to add to the hour's count.
    public var delta: Int64

    /// Stream time of the clicks partition when this was written.
    public var time: Timestamp?

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(note: String = "", hour: Int64 = 0, delta: Int64 = 0, time: Timestamp? = nil) {
        self.note = note
        self.hour = hour
        self.delta = delta
        self.time = time
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

extension ActivityDelta: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "note"),
        Field(2, "hour"),
        Field(3, "delta"),
        Field(4, "time"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: note = try decoder.string()
        case 2: hour = try decoder.int64()
        case 3: delta = try decoder.int64()
        case 4: time = try decoder.timestamp(merging: time)
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "note"), note)
        encoder.int64(Field(2, "hour"), hour)
        encoder.int64(Field(3, "delta"), delta)
        encoder.timestamp(Field(4, "time"), time)
    }
}
