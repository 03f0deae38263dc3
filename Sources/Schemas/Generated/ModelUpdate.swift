// Generated from Topics/model_update.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// A model version on its way to every process. Topic `model-updates`, compacted, one partition; the keys are
///
///     <version>/00000 …    the artefact's bytes in pieces of at most 512 KiB, written first (raw bytes, no message)
///     <version>/manifest   ModelManifest, written once every piece is there
///     serving              ServingVersion
///
/// A tombstone removes a superseded version's pieces and manifest.
public struct ModelManifest: Message {
    /// The version's id: a hash of its content.
    public var version: String

    /// The manifest proper as a JSON object: base model, reading, parent, list weights, metrics.
    public var json: String

    /// How many pieces the artefact comes in.
    public var chunks: Int32

    /// The artefact's size in bytes, at most 16 MiB.
    public var bytes: Int64

    /// SHA-256 of the artefact, in lower-case hexadecimal digits.
    public var sha256: String

    /// When the version was made.
    public var time: Timestamp?

    /// What the gate found when it judged the version against the one that served, as a JSON object; empty where nobody
    /// judged it.
    public var report: String

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(
        version: String = "",
        json: String = "",
        chunks: Int32 = 0,
        bytes: Int64 = 0,
        sha256: String = "",
        time: Timestamp? = nil,
        report: String = ""
    ) {
        self.version = version
        self.json = json
        self.chunks = chunks
        self.bytes = bytes
        self.sha256 = sha256
        self.time = time
        self.report = report
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

extension ModelManifest: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "version"),
        Field(2, "json"),
        Field(3, "chunks"),
        Field(4, "bytes"),
        Field(5, "sha256"),
        Field(6, "time"),
        Field(7, "report"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: version = try decoder.string()
        case 2: json = try decoder.string()
        case 3: chunks = try decoder.int32()
        case 4: bytes = try decoder.int64()
        case 5: sha256 = try decoder.string()
        case 6: time = try decoder.timestamp(merging: time)
        case 7: report = try decoder.string()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "version"), version)
        encoder.string(Field(2, "json"), json)
        encoder.int32(Field(3, "chunks"), chunks)
        encoder.int64(Field(4, "bytes"), bytes)
        encoder.string(Field(5, "sha256"), sha256)
        encoder.timestamp(Field(6, "time"), time)
        encoder.string(Field(7, "report"), report)
    }
}

/// Names the version that is served. The first record wins where several processes start at once.
public struct ServingVersion: Message {
    /// The version's id; its manifest stands earlier in the same partition.
    public var version: String

    /// When it was chosen.
    public var time: Timestamp?

    /// The version that was served before, and is until every note has a profile under the new one; kept for a while
    /// after that, so that going back is quick. Empty where there was none.
    public var previous: String

    /// Versions that served earlier: their profiles are taken back.
    public var former: [String]

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(version: String = "", time: Timestamp? = nil, previous: String = "", former: [String] = []) {
        self.version = version
        self.time = time
        self.previous = previous
        self.former = former
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

extension ServingVersion: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "version"),
        Field(2, "time"),
        Field(3, "previous"),
        Field(4, "former"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: version = try decoder.string()
        case 2: time = try decoder.timestamp(merging: time)
        case 3: previous = try decoder.string()
        case 4: try decoder.strings(into: &former)
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "version"), version)
        encoder.timestamp(Field(2, "time"), time)
        encoder.string(Field(3, "previous"), previous)
        encoder.strings(Field(4, "former"), former)
    }
}
