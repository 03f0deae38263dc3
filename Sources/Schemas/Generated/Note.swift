// Generated from Topics/note.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// A note as its author posted or last edited it. Topic `notes`, key: the note's id.
///
/// A record with a value creates or replaces the note; a record without one (a tombstone) deletes it. The topic is
/// compacted and never deleted by time, since re-embedding reads every live note from it.
public struct Note: Message {
    /// Identifies the note: at most 512 bytes of UTF-8, compared byte by byte. May be left out where the record's key
    /// says it; where both say it they must agree.
    public var id: String

    /// At most 64 KiB. A note needs a title or content; the model reads the first 20 tokens of the title.
    public var title: String

    /// The body as plain text, at most 64 KiB. The model reads its first 80 tokens.
    public var content: String

    /// The author's own hashtags, at most 64, with or without the leading `#`. They teach the tag predictor and are
    /// never shown to it.
    public var hashtags: [String]

    /// The author's own category. It teaches the category head and is never shown to it.
    public var category: String

    /// Who wrote the note; carried along, not interpreted.
    public var author: String

    /// When the note was first posted. Absent: the same as `time`.
    public var created: Timestamp?

    /// Event time of this version of the note: when it was posted or edited. Absent: the record's timestamp.
    public var time: Timestamp?

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(
        id: String = "",
        title: String = "",
        content: String = "",
        hashtags: [String] = [],
        category: String = "",
        author: String = "",
        created: Timestamp? = nil,
        time: Timestamp? = nil
    ) {
        self.id = id
        self.title = title
        self.content = content
        self.hashtags = hashtags
        self.category = category
        self.author = author
        self.created = created
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

extension Note: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "id"),
        Field(2, "title"),
        Field(3, "content"),
        Field(4, "hashtags"),
        Field(5, "category"),
        Field(6, "author"),
        Field(7, "created"),
        Field(8, "time"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: id = try decoder.string()
        case 2: title = try decoder.string()
        case 3: content = try decoder.string()
        case 4: try decoder.strings(into: &hashtags)
        case 5: category = try decoder.string()
        case 6: author = try decoder.string()
        case 7: created = try decoder.timestamp(merging: created)
        case 8: time = try decoder.timestamp(merging: time)
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "id"), id)
        encoder.string(Field(2, "title"), title)
        encoder.string(Field(3, "content"), content)
        encoder.strings(Field(4, "hashtags"), hashtags)
        encoder.string(Field(5, "category"), category)
        encoder.string(Field(6, "author"), author)
        encoder.timestamp(Field(7, "created"), created)
        encoder.timestamp(Field(8, "time"), time)
    }
}
