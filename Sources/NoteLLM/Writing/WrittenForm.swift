import LanguageModel

/// The form in which hashtags and categories are written behind their lead, in training and in use: ` first, second`, and
/// then the end of text. Every label is tokenised apart, behind its blank, so that its tokens never depend on its place.
public struct WrittenForm: Sendable {
    /// What follows a label.
    package let marks: LabelMarks

    private let tokenizer: Tokenizer

    /// The form in a model's tokens.
    ///
    /// - Throws: ``NoteLLMError`` of kind `languageModel` when the tokenizer has no comma or no end.
    public init(_ tokenizer: Tokenizer) throws(NoteLLMError) {
        let ends = [tokenizer.endOfText, tokenizer.encode("\n").first].compactMap { $0 }
        guard let separator = tokenizer.encode(",").first, !ends.isEmpty else {
            throw NoteLLMError(
                .languageModel, "The base model's tokens have no comma or no end of text: it cannot write hashtags.")
        }
        self.tokenizer = tokenizer
        marks = LabelMarks(separator: separator, ends: ends)
    }

    /// The tokens of one label.
    public func tokens(of label: String) -> [Int32] { tokenizer.encode(" " + label) }

    /// The tokens of some labels as they are written, with the end.
    public func tokens(of labels: [String]) -> [Int32] {
        Array(labels.map { tokens(of: $0) }.joined(separator: [marks.separator])) + marks.ends.prefix(1)
    }
}

/// The tokens that close a label.
package struct LabelMarks: Sendable {
    /// What parts two labels.
    package let separator: Int32
    /// What ends the writing: the end of text, with which training ends it, and then a line's end, with which a model
    /// does that has not been trained for this.
    package let ends: [Int32]

    package init(separator: Int32, ends: [Int32]) {
        self.separator = separator
        self.ends = ends
    }

    var all: [Int32] { ends + [separator] }
}
