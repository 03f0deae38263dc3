/// A record of the topic `notes`, checked: what the profile stage works with.
public enum IncomingNote: Equatable, Sendable {
    /// The note was posted or edited.
    case upsert(ValidNote)
    /// The note was deleted. A tombstone has no time of its own.
    case tombstone(id: [UInt8])

    /// Reads and checks a record.
    ///
    /// - Parameters:
    ///   - key: the note's id, unless the payload says it.
    ///   - value: a `Note`; nil deletes.
    ///   - contentType: the `content-type` header's value; nil for JSON.
    ///   - recordTimestamp: milliseconds since 1970, stands in for a missing event time and bounds one from above;
    ///     nil, which brokers of today never give, is refused.
    public static func decode(
        key: [UInt8]?, value: [UInt8]?, contentType: [UInt8]?, recordTimestamp: Int64?
    ) throws(SchemaError) -> IncomingNote {
        guard let value else { return .tombstone(id: try RecordChecks.id(key: key)) }
        let note = try RecordChecks.foreignMessage(Note.self, value, contentType)
        return .upsert(try ValidNote(note, key: key, recordTimestamp: recordTimestamp))
    }
}

/// A note within the limits: it has an id, a title or content, and times.
public struct ValidNote: Equatable, Sendable {
    /// UTF-8, 1 to 512 bytes.
    public var id: [UInt8]
    /// At most 64 KiB; may be empty where there is content.
    public var title: String
    /// At most 64 KiB; may be empty where there is a title.
    public var content: String
    /// Without leading `#` and surrounding white space, none empty, none twice, in the author's order.
    public var hashtags: [String]
    /// Empty where the author gave none.
    public var category: String
    /// Empty where it is not known.
    public var author: String
    /// When the note was first posted, in milliseconds since 1970; at most `time`.
    public var created: Int64
    /// Event time of this version, in milliseconds since 1970.
    public var time: Int64

    /// Checks a decoded note.
    public init(_ note: Note, key: [UInt8]?, recordTimestamp: Int64?) throws(SchemaError) {
        id = try RecordChecks.id(note.id, "id", key: key)
        try RecordChecks.length(note.title, EventLimits.textBytes, "title")
        try RecordChecks.length(note.content, EventLimits.textBytes, "content")
        guard !note.title.isBlank || !note.content.isBlank else {
            throw SchemaError(.missing, field: "title", detail: "a note needs a title or content; this has neither")
        }
        title = note.title
        content = note.content
        hashtags = try Self.tidied(note.hashtags)
        try RecordChecks.length(note.category, EventLimits.nameBytes, "category")
        category = note.category
        try RecordChecks.length(note.author, EventLimits.nameBytes, "author")
        author = note.author
        time = try RecordChecks.time(note.time, "time", recordTimestamp: recordTimestamp)
        created =
            note.created == nil
            ? time : min(time, try RecordChecks.time(note.created, "created", recordTimestamp: recordTimestamp))
    }

    private static func tidied(_ hashtags: [String]) throws(SchemaError) -> [String] {
        guard hashtags.count <= EventLimits.hashtags else {
            throw SchemaError(
                .tooMany, field: "hashtags",
                detail: "\(hashtags.count) hashtags; at most \(EventLimits.hashtags) are allowed")
        }
        var tidied: [String] = []
        for (index, hashtag) in hashtags.enumerated() {
            try RecordChecks.length(hashtag, EventLimits.nameBytes, "hashtags[\(index)]")
            let tag = hashtag.tidiedTag
            // Ids aside, text too is compared by its bytes: String's == holds canonically equal spellings equal.
            if !tag.isEmpty, !tidied.contains(where: { $0.utf8.elementsEqual(tag.utf8) }) { tidied.append(tag) }
        }
        return tidied
    }
}

extension String {
    fileprivate var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }

    /// Without `#` in front and white space around it.
    fileprivate var tidiedTag: String {
        let scalars = unicodeScalars
        let head = scalars.drop { $0 == "#" || $0.properties.isWhitespace }
        guard let last = head.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(head[...last])
    }
}
