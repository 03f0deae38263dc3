import LanguageModel

/// A note as deep training reads it: the whole prompt at once, since an adapter changes the instruction's keys and values
/// too, and what the model is to write behind it.
package struct DeepSequence: Sendable, Equatable {
    /// Instruction and note; where something is written also the prompt's rest and what is written, but for the last token.
    package let tokens: [Int32]
    /// The rows whose states are pooled.
    package let pooled: Range<Int>
    /// What is to be written; empty where nothing is.
    package let targets: [TokenTarget]

    package init(tokens: [Int32], pooled: Range<Int>, targets: [TokenTarget]) {
        self.tokens = tokens
        self.pooled = pooled
        self.targets = targets
    }
}

/// Makes sequences in the served form of the prompt: one instruction, a note without topics, and then the lead of either
/// output (paper, table 1).
package struct DeepSequences: Sendable {
    /// What a note is to have written behind it.
    package enum Output: Sendable, Equatable {
        case nothing
        case category(String)
        case hashtags([String])
    }

    private let tokenizer: Tokenizer
    private let prompt = NotePrompt()
    private let reading: Reading
    private let form: WrittenForm

    package init(_ tokenizer: Tokenizer, reading: Reading) throws(NoteLLMError) {
        self.tokenizer = tokenizer
        self.reading = reading
        form = try WrittenForm(tokenizer)
    }

    /// What `note` has written behind it: its hashtags where `asksForHashtags`, else its category, and where it has not
    /// the one the other.
    package static func output(of note: TrainingNote, asksForHashtags: Bool) -> Output {
        let hashtags = Array(note.hashtags.prefix(HashtagScorer.maximumPerNote))
        switch (asksForHashtags, hashtags.isEmpty, note.category.isEmpty) {
        case (_, true, true): return .nothing
        case (true, false, _), (false, false, true): return .hashtags(hashtags)
        case (false, _, false), (true, true, false): return .category(note.category)
        }
    }

    /// A note with its output behind it.
    package func sequence(_ note: NoteText, output: Output) -> DeepSequence {
        let parts = prompt.tokens(of: note, by: tokenizer)
        var tokens = parts.prefix + parts.body
        var pooled = parts.prefix.count..<tokens.count
        if reading.pooling == .lastToken {
            tokens += parts.suffix
            pooled = tokens.count - 1..<tokens.count
        }
        let lead: String
        let labels: [String]
        switch output {
        case .nothing: return DeepSequence(tokens: tokens, pooled: pooled, targets: [])
        case .category(let category): (lead, labels) = (prompt.categoryLead, [category])
        case .hashtags(let tags): (lead, labels) = (prompt.topicsLead(tags.count), tags)
        }
        if reading.pooling == .mean { tokens += parts.suffix }
        tokens += tokenizer.encode(lead)
        let written = form.tokens(of: labels)
        let targets = written.enumerated().map { TokenTarget(row: tokens.count - 1 + $0, token: $1) }
        return DeepSequence(tokens: tokens + written.dropLast(), pooled: pooled, targets: targets)
    }
}
