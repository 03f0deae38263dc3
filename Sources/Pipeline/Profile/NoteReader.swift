import LanguageModel
import NoteLLM
import Synchronization

/// Makes profiles under one model version. Tests have a reader without a language model.
package protocol NoteReading: Sendable {
    /// One profile per note, in order, with the pooled state that it was made from.
    ///
    /// - Parameter notes: each with its pooled state where it is known.
    func profiles(
        of notes: [(text: NoteText, pooled: [Float]?)]
    ) throws -> [(pooled: [Float], profile: ProfiledNote)]
}

/// Makes profiles with the base model as one version asks for.
package struct NoteReader: NoteReading {
    fileprivate let profiler: NoteProfiler
    fileprivate let threads: Int

    package func profiles(
        of notes: [(text: NoteText, pooled: [Float]?)]
    ) throws -> [(pooled: [Float], profile: ProfiledNote)] {
        try profiler.profiles(of: notes, threads: threads)
    }
}

/// The readers of the versions in use, over one base model in memory.
package final class NoteReaders: Sendable {
    private let model: LanguageModel
    private let sha256: String
    private let threads: Int
    private let readers = Mutex<[String: NoteReader]>([:])

    /// Opens the base model's file.
    /// - Parameter threads: how many notes are read at once.
    package init(modelPath: String, threads: Int) throws {
        model = try LanguageModel(path: modelPath)
        sha256 = try SHA256.hex(file: modelPath)
        self.threads = threads
    }

    /// The reader of a version, made at its first use.
    ///
    /// - Throws: `NoteLLMError` when this is not the base model that the version was made with.
    package func reader(of version: ModelVersion) throws -> NoteReader {
        if let reader = readers.withLock({ $0[version.id] }) { return reader }
        let reader = NoteReader(
            profiler: try NoteProfiler(version, model: model, baseModelSHA256: sha256), threads: threads)
        readers.withLock { $0[version.id] = reader }
        return reader
    }

    /// Lets go of all readers but those of some versions.
    package func keep(_ versions: [ModelVersion]) {
        let ids = Set(versions.map(\.id))
        readers.withLock { $0 = $0.filter { ids.contains($0.key) } }
    }
}
