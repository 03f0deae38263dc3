import LanguageModel

/// The prompt that a note is read in (paper, table 1). Its segments are tokenised apart, so that a note's tokens never
/// depend on what stands around them and the instruction's keys and values can be computed once.
public struct NotePrompt: Sendable, Equatable {
    /// What the model is asked to write after the compression word.
    public enum Form: Sendable, Equatable {
        /// One instruction for embedding, category and hashtags, and a note without topics: one prefill serves all three,
        /// and no hashtag leaks into the features that predict hashtags.
        case served
        /// The paper's category form; its note carries its topics.
        case category
        /// The paper's hashtag form for that many topics; its note carries none.
        case topics(Int)
    }

    /// The tokens of one note's prompt.
    public struct Tokens: Sendable, Equatable {
        /// The instruction, the same for all notes.
        public let prefix: [Int32]
        /// The note's own tokens, with the field names between them: what mean pooling reads.
        public let body: [Int32]
        /// From the note's end to the opening quote before `[EMB]`.
        public let suffix: [Int32]
    }

    /// What is asked for.
    public let form: Form

    /// A title is cut to this many tokens, and so are topics.
    public static let titleTokens = 20
    /// A content is cut to this many tokens.
    public static let contentTokens = 80
    /// Text beyond this cannot reach the tokens that are kept, and is not tokenised.
    static let readBytes = 16_384

    /// A prompt of the given form.
    public init(_ form: Form = .served) {
        self.form = form
    }

    /// The instruction and the beginning of the note.
    public var prefix: String {
        "Extract the note information in json format, compress it into one word for recommendation, and generate \(goal) "
            + "of the note. {'title':"
    }

    /// Between title and topics, in the category form.
    public var topicMiddle: String { ",'topic':" }

    /// Between title (or topics) and content.
    public var middle: String { ",'content':" }

    /// From the note's end to the opening quote of the compression word.
    public var suffix: String { "} The compression word is:\"" }

    /// After the compression word: what the model continues with the category.
    public var categoryLead: String { "\". The category is:" }

    /// After the compression word: what the model continues with `count` topics.
    public func topicsLead(_ count: Int) -> String { "\". The \(count) topics are:" }

    /// The tokens of `note`'s prompt. A field is tokenised behind ` '`, and the quote's token is not counted in its limit.
    ///
    /// - Parameter topics: the note's hashtags; read in the category form only.
    public func tokens(of note: NoteText, topics: [String] = [], by tokenizer: Tokenizer) -> Tokens {
        var body = Self.field(note.title, limit: Self.titleTokens, tokenizer)
        if form == .category, !topics.isEmpty {
            body += tokenizer.encode(topicMiddle)
            body += Self.field(topics.joined(separator: ", "), limit: Self.titleTokens, tokenizer)
        }
        if !note.content.isEmpty {
            body += tokenizer.encode(middle)
            body += Self.field(note.content, limit: Self.contentTokens, tokenizer)
        }
        return Tokens(prefix: tokenizer.encode(prefix), body: body, suffix: tokenizer.encode(suffix))
    }

    private var goal: String {
        switch form {
        case .served: "the topics"
        case .category: "the category"
        case .topics(let count): "\(count) topics"
        }
    }

    private static func field(_ text: String, limit: Int, _ tokenizer: Tokenizer) -> [Int32] {
        let end = text.utf8.index(text.startIndex, offsetBy: readBytes, limitedBy: text.endIndex) ?? text.endIndex
        return Array(tokenizer.encode(" '" + text[..<end]).prefix(1 + limit))
    }
}
