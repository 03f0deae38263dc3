import LanguageModel
import NoteLLM
import Synchronization

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

    /// - Parameters:
    ///   - model: the base model, read from a file of fingerprint `sha256`.
    ///   - threads: how many notes are read at once.
    /// - Throws: ``NoteLLMError`` when it is not the base model that the version was made with.
    package init(_ version: ModelVersion, model: LanguageModel, sha256: String, threads: Int) throws {
        let model = try version.languageModel(over: model)
        encoder = try version.makeEncoder(model: model, baseModelSHA256: sha256)
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

/// The readers of the versions in use, over one base model in memory.
package final class NoteReaders: Sendable {
    private let model: LanguageModel
    private let sha256: String
    private let threads: Int
    private let readers = Mutex<[String: NoteReader]>([:])

    /// Opens the base model's file.
    package init(modelPath: String, threads: Int) throws {
        model = try LanguageModel(path: modelPath)
        sha256 = try SHA256.hex(file: modelPath)
        self.threads = threads
    }

    /// The reader of a version, made at its first use.
    package func reader(of version: ModelVersion) throws -> NoteReader {
        if let reader = readers.withLock({ $0[version.id] }) { return reader }
        let reader = try NoteReader(version, model: model, sha256: sha256, threads: threads)
        readers.withLock { $0[version.id] = reader }
        return reader
    }

    /// Lets go of all readers but those of some versions.
    package func keep(_ versions: some Sequence<ModelVersion>) {
        let ids = Set(versions.map(\.id))
        readers.withLock { $0 = $0.filter { ids.contains($0.key) } }
    }
}
