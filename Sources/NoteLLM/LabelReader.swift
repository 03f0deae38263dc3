import LanguageModel

/// The base model's likelihood of each known category, as the continuation of a note's prompt. It takes all layers: only
/// for versions that ask for it (``ModelVersion/asksForLikelihoods``).
public final class LabelReader: Sendable {
    /// The labels, in the order of the likelihoods.
    public let labels: [String]

    private let writer: NoteWriter
    private let vocabulary: WrittenVocabulary

    /// A reader of `labels`.
    public init(
        model: LanguageModel, labels: [String], prompt: NotePrompt = NotePrompt()
    ) throws(NoteLLMError) {
        self.labels = labels
        writer = try NoteWriter(model: model, reading: Reading(layer: 1, pooling: .mean), prompt: prompt)
        vocabulary = writer.vocabulary(labels)
    }

    /// Per note, the natural logarithm of each label's probability, summed over the label's tokens.
    public func logLikelihoods(
        of notes: [NoteText], threads: Int = 1, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(NoteLLMError) -> [[Double]] {
        try Parallel.map(notes, threads: threads, progress: progress) {
            self.writer.makeWorker()
        } body: { (worker, note) throws(NoteLLMError) in
            _ = try worker.read(note)
            return try worker.logLikelihoods(ofCategories: self.vocabulary)
        }
    }
}
