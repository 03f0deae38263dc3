/// A past note with what its author said about it: what a model version is bootstrapped from.
public struct TrainingNote: Sendable, Hashable {
    /// The text.
    public let text: NoteText
    /// The author's hashtags; may be empty.
    public let hashtags: [String]
    /// The author's category; empty where there is none.
    public let category: String
    /// When the note was made, milliseconds since 1970 UTC.
    public let time: Int64

    /// A past note.
    public init(text: NoteText, hashtags: [String] = [], category: String = "", time: Int64) {
        self.text = text
        self.hashtags = hashtags
        self.category = category
        self.time = time
    }
}
