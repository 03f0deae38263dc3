// Generated from Topics/recommendation.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// What belongs with a note: its related notes, best first. Topic `note-recommendations`, key: the note's id. The last
/// record of a key is the list in force; a tombstone means that the note is gone.
public struct RecommendationList: Message {
    /// The note that the list belongs to.
    public var note: String

    /// The model version that embedded the notes and whose weights ranked them.
    public var version: String

    /// The content hash of the note's profile when the list was made.
    public var contentHash: String

    /// Event time of what caused the list: the newest of the note and the clicks that it reflects.
    public var time: Timestamp?

    /// The related notes, best first.
    public var items: [RecommendedNote]

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(
        note: String = "",
        version: String = "",
        contentHash: String = "",
        time: Timestamp? = nil,
        items: [RecommendedNote] = []
    ) {
        self.note = note
        self.version = version
        self.contentHash = contentHash
        self.time = time
        self.items = items
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

extension RecommendationList: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "note"),
        Field(2, "version"),
        Field(3, "contentHash", proto: "content_hash"),
        Field(4, "time"),
        Field(5, "items"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: note = try decoder.string()
        case 2: version = try decoder.string()
        case 3: contentHash = try decoder.string()
        case 4: time = try decoder.timestamp(merging: time)
        case 5: try decoder.messages(into: &items)
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "note"), note)
        encoder.string(Field(2, "version"), version)
        encoder.string(Field(3, "contentHash"), contentHash)
        encoder.timestamp(Field(4, "time"), time)
        encoder.messages(Field(5, "items"), items)
    }
}

/// One entry of a list, with the parts that its score was made of.
public struct RecommendedNote: Message {
    /// The recommended note's id.
    public var note: String

    /// The weighted sum that the list is ordered by.
    public var score: Double

    /// Cosine similarity of the two notes' embeddings, from -1 to 1.
    public var cosine: Double

    /// How well the words agree: BM25 of the recommended note for the words of the list's note.
    public var lexical: Double

    /// The co-occurrence score s(A→B), shrunk towards zero where few users stand behind it.
    public var cooccurrence: Double

    /// Why the note is here, in a few words that can be shown to a user.
    public var reason: String

    /// How many users, within the window, clicked the list's note and later this one when the list was made.
    public var users: Int32

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(
        note: String = "",
        score: Double = 0,
        cosine: Double = 0,
        lexical: Double = 0,
        cooccurrence: Double = 0,
        reason: String = "",
        users: Int32 = 0
    ) {
        self.note = note
        self.score = score
        self.cosine = cosine
        self.lexical = lexical
        self.cooccurrence = cooccurrence
        self.reason = reason
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

extension RecommendedNote: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "note"),
        Field(2, "score"),
        Field(3, "cosine"),
        Field(4, "lexical"),
        Field(5, "cooccurrence"),
        Field(6, "reason"),
        Field(7, "users"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: note = try decoder.string()
        case 2: score = try decoder.double()
        case 3: cosine = try decoder.double()
        case 4: lexical = try decoder.double()
        case 5: cooccurrence = try decoder.double()
        case 6: reason = try decoder.string()
        case 7: users = try decoder.int32()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "note"), note)
        encoder.double(Field(2, "score"), score)
        encoder.double(Field(3, "cosine"), cosine)
        encoder.double(Field(4, "lexical"), lexical)
        encoder.double(Field(5, "cooccurrence"), cooccurrence)
        encoder.string(Field(6, "reason"), reason)
        encoder.int32(Field(7, "users"), users)
    }
}
