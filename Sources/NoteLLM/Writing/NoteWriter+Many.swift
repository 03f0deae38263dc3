extension NoteWriter {
    /// Hashtags written for many notes, in their order; see ``Worker/hashtags(limit:width:from:)``.
    ///
    /// - Parameters:
    ///   - threads: how many notes are read at once.
    ///   - progress: called from any of the threads, one call at a time, with the number of notes done so far.
    public func hashtags(
        of notes: [NoteText], limit: Int, width: Int = 1, from vocabulary: WrittenVocabulary? = nil, threads: Int,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws(NoteLLMError) -> [[WrittenLabel]] {
        try Parallel.map(notes, threads: threads, progress: progress) {
            self.makeWorker()
        } body: { (worker, note) throws(NoteLLMError) in
            _ = try worker.read(note)
            return try worker.hashtags(limit: limit, width: width, from: vocabulary)
        }
    }

    /// The log-likelihoods of candidate hashtags for some notes, as validation asks for them.
    ///
    /// - Parameter threads: how many notes are read at once.
    func weigh(
        _ notes: [(text: NoteText, hashtags: [String])], threads: Int,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?
    ) throws(NoteLLMError) -> [[Double]] {
        try Parallel.map(notes, threads: threads, progress: progress) {
            self.makeWorker()
        } body: { (worker, note) throws(NoteLLMError) in
            _ = try worker.read(note.text)
            return try worker.logLikelihoods(
                ofHashtags: Array(note.hashtags.indices), of: self.vocabulary(note.hashtags),
                count: HashtagScorer.maximumPerNote)
        }
    }
}

/// What a bootstrap asks the language model about hashtags with.
public struct HashtagWeighing: Sendable {
    /// Reads and weighs.
    public var writer: NoteWriter
    /// How many notes are read at once.
    public var threads: Int
    /// Called from any of the threads, one call at a time.
    public var progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?

    /// Weighing by a writer.
    public init(
        writer: NoteWriter, threads: Int = 1, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) {
        self.writer = writer
        self.threads = threads
        self.progress = progress
    }

    func weigh(_ notes: [(text: NoteText, hashtags: [String])]) throws(NoteLLMError) -> [[Double]] {
        try writer.weigh(notes, threads: threads, progress: progress)
    }
}
