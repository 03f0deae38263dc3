import LanguageModel
import Tensors

/// The base model's likelihood of each known category, as the continuation of a note's prompt. It takes all layers, and
/// one more pass per label: only for versions that ask for it (``ModelVersion/asksForLikelihoods``).
public final class LabelReader: Sendable {
    /// The labels, in the order of the likelihoods.
    public let labels: [String]

    private let model: LanguageModel
    private let prompt: NotePrompt
    private let labelTokens: [[Int32]]
    /// From the note's end to where the category begins.
    private let lead: [Int32]
    private let instruction: KeyValueCache

    /// A reader of `labels`.
    public init(
        model: LanguageModel, labels: [String], prompt: NotePrompt = NotePrompt()
    ) throws(NoteLLMError) {
        self.model = model
        self.labels = labels
        self.prompt = prompt
        labelTokens = labels.map { model.tokenizer.encode(" " + $0) }
        lead = model.tokenizer.encode(prompt.suffix) + model.tokenizer.encode(prompt.categoryLead)
        instruction = try NoteEncoder.primed(model, layers: model.configuration.layers, prompt: prompt)
    }

    /// Per note, the natural logarithm of each label's probability, summed over the label's tokens.
    public func logLikelihoods(
        of notes: [NoteText], threads: Int = 1, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(NoteLLMError) -> [[Double]] {
        try Parallel.map(notes, threads: threads, progress: progress) {
            Worker(cache: self.instruction)
        } body: { (worker, note) throws(NoteLLMError) in
            try self.read(note, worker)
        }
    }

    private func read(_ note: NoteText, _ worker: Worker) throws(NoteLLMError) -> [Double] {
        do {
            return try likelihoods(note, worker)
        } catch {
            throw NoteLLMError(
                .languageModel, "The categories of '\(note.title.prefix(60))' cannot be weighed. \(error.message)")
        }
    }

    private func likelihoods(_ note: NoteText, _ worker: Worker) throws(LanguageModelError) -> [Double] {
        let tokens = prompt.tokens(of: note, by: model.tokenizer).body + lead
        let states = try model.forward(tokens, cache: &worker.cache, scratch: worker.scratch)
        let first = model.logProbabilities(states.rows(states.rows - 1..<states.rows))
        let end = worker.cache.count
        var likelihoods: [Double] = []
        for label in labelTokens {
            var sum = label.first.map { Double(first[0, Int($0)]) } ?? 0
            if label.count > 1 {
                let states = try model.forward(label.dropLast(), cache: &worker.cache, scratch: worker.scratch)
                let next = model.logProbabilities(states)
                for (row, token) in label.dropFirst().enumerated() { sum += Double(next[row, Int(token)]) }
                worker.cache.truncate(to: end)
            }
            likelihoods.append(sum)
        }
        worker.cache.truncate(to: instruction.count)
        return likelihoods
    }

    private final class Worker {
        var cache: KeyValueCache
        let scratch = ForwardScratch()

        init(cache: KeyValueCache) { self.cache = cache }
    }
}
