import LanguageModel
import Tensors

/// Writes a note's hashtags and category with the base model, and weighs given ones.
///
/// All of it goes on from the reading that gives the note's embedding: the reading's layers are run once, with the same
/// bits as by a ``NoteEncoder``; the remaining layers are run when the first label is asked for.
public final class NoteWriter: Sendable {
    /// How labels are written.
    public let form: WrittenForm

    private let encoder: NoteEncoder
    private let free: FreeLabels
    /// From the end of what is read to where the lead begins.
    private let suffix: [Int32]

    /// What is written.
    fileprivate enum Lead {
        case category
        /// At most so many.
        case topics(Int)
    }

    /// A writer over an open model.
    ///
    /// - Throws: ``NoteLLMError`` of kind `shape` when the model does not have the reading's layer, or of kind
    ///   `languageModel`.
    public init(
        model: LanguageModel, reading: Reading = .standard, prompt: NotePrompt = NotePrompt()
    ) throws(NoteLLMError) {
        encoder = try NoteEncoder(model: model, reading: reading, prompt: prompt, goesOn: true)
        form = try WrittenForm(model.tokenizer)
        free = FreeLabels(marks: form.marks, tokenizer: model.tokenizer)
        // A reading of the last token has read the suffix.
        suffix = reading.pooling == .mean ? model.tokenizer.encode(prompt.suffix) : []
    }

    /// From the end of what is read to where labels begin.
    private func tokens(of lead: Lead) -> [Int32] {
        let prompt = encoder.prompt
        let text =
            switch lead {
            case .category: prompt.categoryLead
            case .topics(let count): prompt.topicsLead(count)
            }
        return suffix + encoder.model.tokenizer.encode(text)
    }

    /// The tokens of known labels, for one writer's model. Make one per list of labels and keep it.
    public func vocabulary(_ labels: [String]) -> WrittenVocabulary {
        WrittenVocabulary(labels: labels, tokens: labels.map(form.tokens(of:)))
    }

    /// One thread's memory for reading and writing. Make one per thread and keep it.
    public func makeWorker() -> Worker { Worker(self) }

    /// One thread's memory, and the note that it has read last.
    public final class Worker {
        private let writer: NoteWriter
        private let reader: NoteEncoder.Worker
        private var note = NoteText(title: "")
        /// The note's states after the reading's layers, until the other layers are run: tokens × width.
        private var states: Matrix<Float>?
        /// The cache's positions that end with the note; nil before the other layers are run.
        private var end: Int?

        fileprivate init(_ writer: NoteWriter) {
            self.writer = writer
            reader = writer.encoder.makeWorker()
        }

        /// Reads a note, which all that follows is about, and gives its pooled state, to the bit as a ``NoteEncoder`` does.
        public func read(_ note: NoteText) throws(NoteLLMError) -> [Float] {
            (states, end) = (nil, nil)
            let states = try reader.read(note)
            self.note = note
            self.states = states
            return reader.pooled(states)
        }

        /// Writes hashtags.
        ///
        /// - Parameters:
        ///   - limit: how many at most.
        ///   - width: how many texts the beam keeps; 1: greedy.
        ///   - vocabulary: the hashtags that may be written; nil: any.
        public func hashtags(
            limit: Int, width: Int = 1, from vocabulary: WrittenVocabulary? = nil
        ) throws(NoteLLMError) -> [WrittenLabel] {
            try write(.topics(limit), limit: limit, width: width, vocabulary)
        }

        /// Writes the category; nil when the model writes none.
        ///
        /// - Parameters:
        ///   - width: how many texts the beam keeps; 1: greedy.
        ///   - vocabulary: the categories that may be written; nil: any.
        public func category(
            width: Int = 1, from vocabulary: WrittenVocabulary? = nil
        ) throws(NoteLLMError) -> WrittenLabel? {
            try write(.category, limit: 1, width: width, vocabulary).first
        }

        /// The log-probability that the model, asked for `count` hashtags, begins with each of some hashtags.
        ///
        /// - Parameter labels: numbers of the vocabulary's labels.
        public func logLikelihoods(
            ofHashtags labels: [Int], of vocabulary: WrittenVocabulary, count: Int
        ) throws(NoteLLMError) -> [Double] {
            try weigh(.topics(count), labels.map { vocabulary.tokens[$0] }, closed: true)
        }

        /// The log-probability of each category of a vocabulary, summed over its tokens.
        public func logLikelihoods(ofCategories vocabulary: WrittenVocabulary) throws(NoteLLMError) -> [Double] {
            try weigh(.category, vocabulary.tokens, closed: false)
        }

        private func write(
            _ lead: Lead, limit: Int, width: Int, _ vocabulary: WrittenVocabulary?
        ) throws(NoteLLMError) -> [WrittenLabel] {
            try goOn(with: lead) { (tree) throws(NoteLLMError) in
                if let vocabulary {
                    let grammar = KnownLabels(vocabulary.trie, marks: writer.form.marks)
                    return try LabelSearch(grammar, limit: limit, width: width).run(&tree).labels.map {
                        WrittenLabel(text: vocabulary.labels[$0.label], logProbability: $0.logProbability)
                    }
                }
                return try LabelSearch(writer.free, limit: limit, width: width).run(&tree).labels.map {
                    WrittenLabel(text: $0.label, logProbability: $0.logProbability)
                }
            }
        }

        private func weigh(_ lead: Lead, _ labels: [[Int32]], closed: Bool) throws(NoteLLMError) -> [Double] {
            try goOn(with: lead) { (tree) throws(NoteLLMError) in
                try LabelLikelihoods(labels, closing: closed ? writer.form.marks.all : [])
                    .read(from: &tree)
            }
        }

        /// Runs `body` on the note with a lead behind it, which is then forgotten.
        private func goOn<Result>(
            with lead: Lead, _ body: (inout CachedTree) throws(NoteLLMError) -> Result
        ) throws(NoteLLMError) -> Result {
            let model = reader.encoder.model
            do {
                if let states {
                    try reader.goOn(from: states)
                    end = reader.cache.count
                    self.states = nil
                }
                guard let end else {
                    throw NoteLLMError(.languageModel, "No note has been read that hashtags could be written for.")
                }
                reader.cache.truncate(to: end)
                let states = try model.forward(
                    writer.tokens(of: lead), cache: &reader.cache, scratch: reader.scratch)
                var tree = CachedTree(
                    reader, first: model.logProbabilities(states.rows(states.rows - 1..<states.rows)).elements)
                return try body(&tree)
            } catch let error as LanguageModelError {
                throw NoteLLMError(
                    .languageModel,
                    "The labels of '\(note.title.prefix(60))' cannot be written or weighed. \(error.message)")
            } catch let error as NoteLLMError {
                throw error
            } catch {
                throw NoteLLMError(.languageModel, "\(error)")
            }
        }
    }
}

/// Known labels in the tokens of a base model.
public struct WrittenVocabulary: Sendable {
    /// The labels.
    public let labels: [String]
    let tokens: [[Int32]]
    let trie: LabelTrie

    init(labels: [String], tokens: [[Int32]]) {
        self.labels = labels
        self.tokens = tokens
        trie = LabelTrie(tokens)
    }
}

/// A label that the base model wrote.
public struct WrittenLabel: Sendable, Equatable {
    /// The label.
    public let text: String
    /// The natural logarithm of its probability behind what was written before it: of its tokens, of the separator in front
    /// of it where it is not the first, and of what closed it.
    public let logProbability: Double
}

/// Continuations of a note in one thread's cache.
struct CachedTree: ContinuationReader {
    let first: [Float]
    private let reader: NoteEncoder.Worker
    private var tree: TokenTree

    init(_ reader: NoteEncoder.Worker, first: [Float]) {
        self.first = first
        self.reader = reader
        tree = TokenTree(behind: reader.cache)
    }

    mutating func read(_ tokens: [Int32], under parents: [Int?]) throws(NoteLLMError) -> Matrix<Float> {
        let model = reader.encoder.model
        do {
            return model.logProbabilities(
                try model.forward(tokens, under: parents, of: &tree, cache: &reader.cache, scratch: reader.scratch))
        } catch {
            throw NoteLLMError(.languageModel, error.message)
        }
    }

    mutating func forget() {
        reader.cache.truncate(to: tree.trunk)
        tree = TokenTree(behind: reader.cache)
    }
}
