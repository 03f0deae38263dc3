import LanguageModel

/// Everything that one model version says about notes, from their texts: each is read once, and no further than the
/// version asks for. Where it asks the language model nothing, a pooled state that is known already is all it takes.
public final class NoteProfiler: Sendable {
    /// The version.
    public let version: ModelVersion

    private let encoder: NoteEncoder
    private let writing: Writing?

    /// What a version takes that asks the language model.
    private struct Writing {
        let writer: NoteWriter
        let hashtags: WrittenVocabulary
        let categories: WrittenVocabulary
    }

    /// - Parameters:
    ///   - version: the model version.
    ///   - model: the base model, without the version's adapter.
    ///   - baseModelSHA256: the fingerprint of the file that it was read from.
    /// - Throws: ``NoteLLMError`` of kind `shape` when the version was made with another base model.
    public init(
        _ version: ModelVersion, model: LanguageModel, baseModelSHA256: String
    ) throws(NoteLLMError) {
        self.version = version
        encoder = try version.makeEncoder(model: model, baseModelSHA256: baseModelSHA256)
        guard version.asksForLikelihoods || version.asksForHashtagLikelihoods else {
            writing = nil
            return
        }
        let writer = try NoteWriter(model: encoder.model, reading: version.manifest.reading)
        writing = Writing(
            writer: writer, hashtags: writer.vocabulary(version.hashtags),
            categories: writer.vocabulary(version.categories))
    }

    /// One thread's memory for profiling notes. Make one per thread and keep it.
    public func makeWorker() -> Worker { Worker(self) }

    /// The profiles of some notes, in their order, with their pooled states.
    ///
    /// - Parameters:
    ///   - notes: each with its pooled state where that is known, read as the version's reading key says.
    ///   - threads: how many notes are read at once.
    ///   - progress: called from any of the threads, one call at a time, with the number of notes done so far.
    public func profiles(
        of notes: [(text: NoteText, pooled: [Float]?)], threads: Int,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(NoteLLMError) -> [(pooled: [Float], profile: ProfiledNote)] {
        try Parallel.map(notes, threads: threads, progress: progress) {
            self.makeWorker()
        } body: { (worker, note) throws(NoteLLMError) in
            try worker.profile(of: note.text, pooled: note.pooled)
        }
    }

    /// One thread's memory.
    public final class Worker {
        private let profiler: NoteProfiler
        private let reader: NoteEncoder.Worker?
        private let writer: NoteWriter.Worker?

        fileprivate init(_ profiler: NoteProfiler) {
            self.profiler = profiler
            writer = profiler.writing?.writer.makeWorker()
            reader = writer == nil ? profiler.encoder.makeWorker() : nil
        }

        /// One note's profile and pooled state.
        ///
        /// - Parameter known: the state where it is known.
        public func profile(
            of text: NoteText, pooled known: [Float]? = nil
        ) throws(NoteLLMError) -> (pooled: [Float], profile: ProfiledNote) {
            let version = profiler.version
            guard let writer, let writing = profiler.writing else {
                var pooled = known ?? []
                if known == nil, let reader { pooled = try reader.pooledState(of: text) }
                return (pooled, version.profile(pooled: pooled, text: text))
            }
            let pooled = try writer.read(text)
            var labels: [Double]?
            if version.asksForLikelihoods { labels = try writer.logLikelihoods(ofCategories: writing.categories) }
            var hashtags: [Double]?
            if version.asksForHashtagLikelihoods {
                hashtags = try writer.logLikelihoods(
                    ofHashtags: version.hashtagCandidates(pooled: pooled, text: text), of: writing.hashtags,
                    count: HashtagScorer.maximumPerNote)
            }
            let profile = version.profile(
                pooled: pooled, text: text, labelLikelihoods: labels, hashtagLikelihoods: hashtags)
            return (pooled, profile)
        }
    }
}
