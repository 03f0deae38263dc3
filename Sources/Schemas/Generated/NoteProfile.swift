// Generated from Topics/note_profile.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// What a model version makes of a note: its embedding, category and hashtags, beside the text that readers of this
/// topic need. Topic `note-profiles`, key: `<note id>@<model version>`, partitioned by the note id alone. A tombstone
/// means that the note was deleted or that the version is no longer served.
public struct NoteProfile: Message {
    /// The note's id.
    public var note: String

    /// The id of the model version that made this profile.
    public var version: String

    /// Hash of what the model and the readers of this topic see of the note; an edit that changes none of it leaves the
    /// profile as it is.
    public var contentHash: String

    /// When the note was first posted.
    public var created: Timestamp?

    /// Event time of the version of the note that was profiled.
    public var time: Timestamp?

    /// The note's title, unchanged.
    public var title: String

    /// The note's body, unchanged.
    public var content: String

    /// The predicted category; empty where the model version has no category head.
    public var category: String

    /// The predicted category's score: the higher, the surer.
    public var categoryScore: Double

    /// The predicted hashtags, best first.
    public var hashtags: [Hashtag]

    /// The author's own hashtags, as in the note.
    public var authorHashtags: [String]

    /// The author's own category, as in the note.
    public var authorCategory: String

    /// The embedding: a unit vector, its width is the model version's (128 by default). Similarity is the dot product.
    public var embedding: [Float]

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(
        note: String = "",
        version: String = "",
        contentHash: String = "",
        created: Timestamp? = nil,
        time: Timestamp? = nil,
        title: String = "",
        content: String = "",
        category: String = "",
        categoryScore: Double = 0,
        hashtags: [Hashtag] = [],
        authorHashtags: [String] = [],
        authorCategory: String = "",
        embedding: [Float] = []
    ) {
        self.note = note
        self.version = version
        self.contentHash = contentHash
        self.created = created
        self.time = time
        self.title = title
        self.content = content
        self.category = category
        self.categoryScore = categoryScore
        self.hashtags = hashtags
        self.authorHashtags = authorHashtags
        self.authorCategory = authorCategory
        self.embedding = embedding
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

extension NoteProfile: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "note"),
        Field(2, "version"),
        Field(3, "contentHash", proto: "content_hash"),
        Field(4, "created"),
        Field(5, "time"),
        Field(6, "title"),
        Field(7, "content"),
        Field(8, "category"),
        Field(9, "categoryScore", proto: "category_score"),
        Field(10, "hashtags"),
        Field(11, "authorHashtags", proto: "author_hashtags"),
        Field(12, "authorCategory", proto: "author_category"),
        Field(13, "embedding"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: note = try decoder.string()
        case 2: version = try decoder.string()
        case 3: contentHash = try decoder.string()
        case 4: created = try decoder.timestamp(merging: created)
        case 5: time = try decoder.timestamp(merging: time)
        case 6: title = try decoder.string()
        case 7: content = try decoder.string()
        case 8: category = try decoder.string()
        case 9: categoryScore = try decoder.double()
        case 10: try decoder.messages(into: &hashtags)
        case 11: try decoder.strings(into: &authorHashtags)
        case 12: authorCategory = try decoder.string()
        case 13: try decoder.floats(into: &embedding)
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "note"), note)
        encoder.string(Field(2, "version"), version)
        encoder.string(Field(3, "contentHash"), contentHash)
        encoder.timestamp(Field(4, "created"), created)
        encoder.timestamp(Field(5, "time"), time)
        encoder.string(Field(6, "title"), title)
        encoder.string(Field(7, "content"), content)
        encoder.string(Field(8, "category"), category)
        encoder.double(Field(9, "categoryScore"), categoryScore)
        encoder.messages(Field(10, "hashtags"), hashtags)
        encoder.strings(Field(11, "authorHashtags"), authorHashtags)
        encoder.string(Field(12, "authorCategory"), authorCategory)
        encoder.floats(Field(13, "embedding"), embedding)
    }
}

/// A predicted hashtag.
public struct Hashtag: Message {
    /// The tag, without `#`.
    public var tag: String

    /// Its score; comparable within one note and one model version only.
    public var score: Double

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(tag: String = "", score: Double = 0) {
        self.tag = tag
        self.score = score
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

extension Hashtag: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "tag"),
        Field(2, "score"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: tag = try decoder.string()
        case 2: score = try decoder.double()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "tag"), tag)
        encoder.double(Field(2, "score"), score)
    }
}

/// From here on the notes of one partition of `notes` have profiles under a model version: all that were alive when the
/// version was chosen, and all that come later. Key: `@<version>/<partition>`, in every partition of `note-profiles`, so
/// that whoever has read one marker from each has read all that stands before them. A tombstone takes it back, before the
/// profiles themselves are.
public struct ProfileMarker: Message {
    /// The model version's id.
    public var version: String

    /// The partition of `notes`.
    public var partition: Int32

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(version: String = "", partition: Int32 = 0) {
        self.version = version
        self.partition = partition
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

extension ProfileMarker: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "version"),
        Field(2, "partition"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: version = try decoder.string()
        case 2: partition = try decoder.int32()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "version"), version)
        encoder.int32(Field(2, "partition"), partition)
    }
}
