import LanguageModel

extension ProjectionTraining {
    private var here: TrainingProgress<Settings> {
        TrainingProgress(
            step: done, settings: settings, parent: parent.id, notes: notes.count, pairs: batches.pairs.count)
    }

    /// All that a restart needs beside what ``init(parent:notes:states:pairs:settings:)`` takes.
    public func checkpoint() throws(NoteLLMError) -> [UInt8] {
        var file = Safetensors()
        file.metadata["progress"] = try ModelVersion.json(here)
        file.tensors["values"] = .init(objective.parameters)
        file.tensors["first"] = .init(optimiser.moments.first)
        file.tensors["second"] = .init(optimiser.moments.second)
        return file.encoded()
    }

    /// Goes on from a checkpoint of equal training, bit by bit as without a break.
    ///
    /// - Throws: ``NoteLLMError`` of kind `artefact` when it is damaged, or of kind `shape` when it is of other settings or
    ///   another parent.
    public mutating func restore(_ checkpoint: [UInt8]) throws(NoteLLMError) {
        let file = try ArtefactReader(checkpoint)
        let saved = try TrainingProgress.read(file, for: here, steps: settings.steps)
        let count = objective.parameters.count
        let values = try file.vector("values", count: count)
        optimiser = AdamW(
            settings: optimiser.settings, moments: try file.moments("", count: count, steps: saved.step))
        take(values)
        done = saved.step
    }
}
