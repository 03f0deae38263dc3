/// The part of a note that is read: nothing else enters its embedding, category and hashtags, so that no label can leak
/// into the features that predict it.
public struct NoteText: Sendable, Hashable {
    /// The title; may be empty.
    public let title: String
    /// The body; may be empty.
    public let content: String

    /// A note's text.
    public init(title: String, content: String = "") {
        self.title = title
        self.content = content
    }
}
