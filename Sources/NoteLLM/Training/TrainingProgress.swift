/// Where a training stands and which one it is: the head of its checkpoint.
struct TrainingProgress<Settings: Codable & Equatable>: Codable, Equatable {
    var step: Int
    var settings: Settings
    var parent: String
    var notes: Int
    var pairs: Int

    /// Of a checkpoint.
    ///
    /// - Parameter own: the training that is to go on from it.
    /// - Throws: ``NoteLLMError`` of kind `artefact` when it is damaged, or of kind `shape` when it is of another training.
    static func read(
        _ file: ArtefactReader, for own: TrainingProgress, steps: Int
    ) throws(NoteLLMError) -> TrainingProgress {
        let saved = try file.json("progress", TrainingProgress.self)
        var same = saved
        same.step = own.step
        guard same == own, (0...steps).contains(saved.step) else {
            throw NoteLLMError(
                .shape,
                "The checkpoint is of another training (parent \(saved.parent), \(saved.pairs) pairs): begin anew.")
        }
        return saved
    }
}

extension ArtefactReader {
    /// An optimiser's moments as checkpoints hold them: `<prefix>first` and `<prefix>second`.
    func moments(_ prefix: String, count: Int, steps: Int) throws(NoteLLMError) -> AdamW<Float>.Moments {
        AdamW.Moments(
            first: try vector(prefix + "first", count: count), second: try vector(prefix + "second", count: count),
            steps: steps)
    }
}
