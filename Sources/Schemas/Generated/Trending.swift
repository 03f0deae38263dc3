// Generated from Topics/trending.proto by Topics/generate. Do not edit: change the .proto and run it again.

/// The newest and the most active notes, of one category or of all. Topic `trending`, key: the category, or `*` for all
/// notes. Readers join it with a note's related list to say what is touched next, since activity and age change for all
/// notes with every event.
public struct Trending: Message {
    /// The category; `*` for all notes.
    public var category: String

    /// The model version that predicted the categories.
    public var version: String

    /// Event time up to which clicks and notes are counted.
    public var time: Timestamp?

    /// The notes, most recently active first.
    public var notes: [TrendingNote]

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(category: String = "", version: String = "", time: Timestamp? = nil, notes: [TrendingNote] = []) {
        self.category = category
        self.version = version
        self.time = time
        self.notes = notes
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

extension Trending: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "category"),
        Field(2, "version"),
        Field(3, "time"),
        Field(4, "notes"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: category = try decoder.string()
        case 2: version = try decoder.string()
        case 3: time = try decoder.timestamp(merging: time)
        case 4: try decoder.messages(into: &notes)
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "category"), category)
        encoder.string(Field(2, "version"), version)
        encoder.timestamp(Field(3, "time"), time)
        encoder.messages(Field(4, "notes"), notes)
    }
}

/// A note and what has lately happened to it.
public struct TrendingNote: Message {
    /// The note's id.
    public var note: String

    /// When the note was first posted.
    public var created: Timestamp?

    /// The newest hour with a click on it. Absent: none within the window.
    public var lastActive: Timestamp?

    /// Clicks within the window.
    public var clicks: Int64

    /// Clicks within the last 24 hours of event time.
    public var recentClicks: Int64

    /// The note's category: the author's where there is one, else the predicted one.
    public var category: String

    /// Makes the message of its fields; one that is left out has its proto3 default.
    public init(
        note: String = "",
        created: Timestamp? = nil,
        lastActive: Timestamp? = nil,
        clicks: Int64 = 0,
        recentClicks: Int64 = 0,
        category: String = ""
    ) {
        self.note = note
        self.created = created
        self.lastActive = lastActive
        self.clicks = clicks
        self.recentClicks = recentClicks
        self.category = category
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

extension TrendingNote: WireMessage {
    static var blank: Self { Self() }

    static let fields = [
        Field(1, "note"),
        Field(2, "created"),
        Field(3, "lastActive", proto: "last_active"),
        Field(4, "clicks"),
        Field(5, "recentClicks", proto: "recent_clicks"),
        Field(6, "category"),
    ]

    mutating func decode(field number: UInt32, from decoder: inout some FieldDecoder) throws(SchemaError) {
        switch number {
        case 1: note = try decoder.string()
        case 2: created = try decoder.timestamp(merging: created)
        case 3: lastActive = try decoder.timestamp(merging: lastActive)
        case 4: clicks = try decoder.int64()
        case 5: recentClicks = try decoder.int64()
        case 6: category = try decoder.string()
        default: break
        }
    }

    func encode(to encoder: inout some FieldEncoder) {
        encoder.string(Field(1, "note"), note)
        encoder.timestamp(Field(2, "created"), created)
        encoder.timestamp(Field(3, "lastActive"), lastActive)
        encoder.int64(Field(4, "clicks"), clicks)
        encoder.int64(Field(5, "recentClicks"), recentClicks)
        encoder.string(Field(6, "category"), category)
    }
}
