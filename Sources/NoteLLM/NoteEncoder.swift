import LanguageModel
import Tensors

/// Reads notes with the base model: from a text to a pooled state, the input of every head of a model version.
///
/// Safe to use from several threads at once. A pooled state depends on the note alone, to the last bit: never on what
/// else is read, in which order or on how many threads.
public final class NoteEncoder: Sendable {
    /// Where states are read.
    public let reading: Reading
    /// The prompt that notes are read in.
    public let prompt: NotePrompt
    /// How many numbers a pooled state has.
    public var width: Int { model.configuration.width }

    let model: LanguageModel
    private let suffix: [Int32]
    /// Keys and values of the instruction, computed once.
    private let instruction: KeyValueCache

    /// An encoder over an open model.
    ///
    /// - Throws: ``NoteLLMError`` of kind `shape` when the model does not have the reading's layer, or of kind
    ///   `languageModel`.
    public convenience init(
        model: LanguageModel, reading: Reading = .standard, prompt: NotePrompt = NotePrompt()
    ) throws(NoteLLMError) {
        try self.init(model: model, reading: reading, prompt: prompt, goesOn: false)
    }

    /// - Parameter goesOn: whether notes are read on through all layers, to be written on; see ``NoteWriter``.
    init(
        model: LanguageModel, reading: Reading, prompt: NotePrompt, goesOn: Bool
    ) throws(NoteLLMError) {
        guard (1...model.configuration.layers).contains(reading.layer) else {
            throw NoteLLMError(
                .shape,
                "Embeddings cannot be read after layer \(reading.layer) of a model with \(model.configuration.layers) "
                    + "layers. Is this the model version's base model?")
        }
        self.model = model
        self.reading = reading
        self.prompt = prompt
        suffix = reading.pooling == .mean ? [] : model.tokenizer.encode(prompt.suffix)
        instruction = try Self.primed(
            model, layers: goesOn ? model.configuration.layers : reading.layer, prompt: prompt)
    }

    /// A cache of `layers` layers that has read the prompt's instruction.
    static func primed(
        _ model: LanguageModel, layers: Int, prompt: NotePrompt
    ) throws(NoteLLMError) -> KeyValueCache {
        var cache = model.makeCache(layers: layers)
        do {
            _ = try model.forward(model.tokenizer.encode(prompt.prefix), cache: &cache, scratch: ForwardScratch())
        } catch {
            throw NoteLLMError(.languageModel, "The base model cannot read the prompt. \(error.message)")
        }
        return cache
    }

    /// One thread's memory for reading notes. Make one per thread and keep it.
    public func makeWorker() -> Worker { Worker(self) }

    /// The pooled state of one note: `width` numbers. A thread that reads many notes keeps a ``makeWorker()``.
    public func pooledState(of note: NoteText) throws(NoteLLMError) -> [Float] {
        try makeWorker().pooledState(of: note)
    }

    /// The pooled states of many notes, in their order.
    ///
    /// - Parameters:
    ///   - threads: how many notes are read at once.
    ///   - progress: called from any of the threads, one call at a time, with the number of notes read so far.
    public func pooledStates(
        of notes: [NoteText], threads: Int, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(NoteLLMError) -> [[Float]] {
        try Parallel.map(notes, threads: threads, progress: progress) {
            self.makeWorker()
        } body: { (worker, note) throws(NoteLLMError) in
            try worker.pooledState(of: note)
        }
    }

    /// A cache and scratch memory of one thread.
    public final class Worker {
        let encoder: NoteEncoder
        var cache: KeyValueCache
        let scratch = ForwardScratch()

        fileprivate init(_ encoder: NoteEncoder) {
            self.encoder = encoder
            cache = encoder.instruction
        }

        /// The pooled state of one note: `width` numbers, rounded to Float16 values, so that a copy kept in half precision
        /// gives the same profile to the last bit.
        public func pooledState(of note: NoteText) throws(NoteLLMError) -> [Float] {
            let states = try read(note)
            forget()
            return pooled(states)
        }

        /// Reads one note through the reading's layers, behind the instruction; tokens × width.
        func read(_ note: NoteText) throws(NoteLLMError) -> Matrix<Float> {
            forget()
            let model = encoder.model
            // Title and content alone: topics would leak into the features that predict them.
            let tokens = encoder.prompt.tokens(of: note, by: model.tokenizer).body + encoder.suffix
            do {
                return try model.forward(tokens, upTo: encoder.reading.layer, cache: &cache, scratch: scratch)
            } catch {
                throw NoteLLMError(
                    .languageModel, "The note '\(note.title.prefix(60))' cannot be read. \(error.message)")
            }
        }

        /// What the reading's pooling makes of a note's states.
        func pooled(_ states: Matrix<Float>) -> [Float] {
            var states = states
            if encoder.reading.pooling == .lastToken { states = states.rows(states.rows - 1..<states.rows) }
            if encoder.reading.outputNorm { states = encoder.model.normalised(states) }
            return states.columnMeans().map(Half.rounded)
        }

        /// Takes the note that ``read(_:)`` gave `states` of through the cache's remaining layers.
        func goOn(from states: Matrix<Float>) throws(LanguageModelError) {
            guard encoder.reading.layer < cache.layers else { return }
            _ = try encoder.model.forward(states, from: encoder.reading.layer, cache: &cache, scratch: scratch)
        }

        /// Leaves the instruction alone in the cache.
        func forget() { cache.truncate(to: encoder.instruction.count) }
    }
}
