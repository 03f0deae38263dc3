import LanguageModel
import NoteLLM

/// Reads notes: what a profile is made of. Tests have a reader without a language model.
package protocol NoteReading: Sendable {
    /// One state per text, in order.
    func pooledStates(of texts: [NoteText]) throws -> [[Float]]
    /// One row of log-likelihoods per text; nil where the model version does not ask for them.
    func labelLikelihoods(of texts: [NoteText]) throws -> [[Double]]?
}

/// Reads notes with the base model as one version asks for.
package struct NoteReader: NoteReading {
    private let encoder: NoteEncoder
    private let labels: LabelReader?
    private let threads: Int

    /// - Parameter threads: how many notes are read at once.
    /// - Throws: ``NoteLLMError`` when `modelPath` is not the base model that the version was made with.
    package init(_ version: ModelVersion, modelPath: String, threads: Int) throws {
        let model = try LanguageModel(path: modelPath)
        encoder = try version.makeEncoder(model: model, baseModelSHA256: SHA256.hex(file: modelPath))
        labels = try version.asksForLikelihoods ? LabelReader(model: model, labels: version.categories) : nil
        self.threads = threads
    }

    package func pooledStates(of texts: [NoteText]) throws -> [[Float]] {
        try encoder.pooledStates(of: texts, threads: threads)
    }

    package func labelLikelihoods(of texts: [NoteText]) throws -> [[Double]]? {
        try labels?.logLikelihoods(of: texts, threads: threads)
    }
}
