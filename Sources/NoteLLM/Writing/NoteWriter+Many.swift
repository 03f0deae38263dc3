extension NoteWriter {
    /// What `body` makes of many notes, in their order: it gets a worker that has read the note, and the note's place.
    ///
    /// - Parameters:
    ///   - threads: how many notes are read at once.
    ///   - progress: called from any of the threads, one call at a time, with the number of notes done so far.
    public func map<Result: Sendable>(
        _ notes: [NoteText], threads: Int, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil,
        _ body: @Sendable (_ worker: Worker, _ place: Int) throws(NoteLLMError) -> Result
    ) throws(NoteLLMError) -> [Result] {
        try Parallel.map(Array(notes.indices), threads: threads, progress: progress) {
            self.makeWorker()
        } body: { (worker, place) throws(NoteLLMError) in
            _ = try worker.read(notes[place])
            return try body(worker, place)
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

    /// The log-likelihoods of candidate hashtags for some notes, as validation asks for them.
    func weigh(_ notes: [(text: NoteText, hashtags: [String])]) throws(NoteLLMError) -> [[Double]] {
        try writer.map(notes.map(\.text), threads: threads, progress: progress) {
            (worker, place) throws(NoteLLMError) in
            let hashtags = notes[place].hashtags
            return try worker.logLikelihoods(
                ofHashtags: Array(hashtags.indices), of: writer.vocabulary(hashtags),
                count: HashtagScorer.maximumPerNote)
        }
    }
}
