/// A note of a log file.
public struct LoggedNote: Sendable, Equatable {
    /// The id, UTF-8.
    public var id: [UInt8]
    /// The title.
    public var title: String
    /// The body.
    public var content: String
    /// The author's hashtags, without `#`.
    public var hashtags: [String]
    /// The author's category; empty when there is none.
    public var category: String
    /// The author; empty when unknown.
    public var author: String
    /// Creation time, in milliseconds since 1970 UTC.
    public var created: Int64

    /// A note from its parts.
    public init(
        id: [UInt8], title: String, content: String, hashtags: [String] = [], category: String = "",
        author: String = "", created: Int64
    ) {
        self.id = id
        self.title = title
        self.content = content
        self.hashtags = hashtags
        self.category = category
        self.author = author
        self.created = created
    }
}

/// A click, or another engagement, of a log file.
public struct LoggedClick: Sendable, Equatable {
    /// When, in milliseconds since 1970 UTC.
    public var time: Int64
    /// The user's id, UTF-8.
    public var user: [UInt8]
    /// The note's id, UTF-8.
    public var note: [UInt8]
    /// What the user did: `click`, `post`, `answer`, ...
    public var kind: String

    /// A click from its parts.
    public init(time: Int64, user: [UInt8], note: [UInt8], kind: String = "click") {
        self.time = time
        self.user = user
        self.note = note
        self.kind = kind
    }
}

/// Why a log file could not be read or written.
public struct LogFileError: Error, Sendable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// The line, counted from 1; 0 when the file as a whole is meant.
    public let line: Int
    /// What happened and what to do.
    public let message: String

    /// An error at a line.
    package init(path: String, line: Int, message: String) {
        self.path = path
        self.line = line
        self.message = message
    }

    /// `path:line: message`.
    public var description: String { line > 0 ? "\(path):\(line): \(message)" : "\(path): \(message)" }
}
