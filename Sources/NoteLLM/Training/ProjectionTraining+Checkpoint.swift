import LanguageModel

extension ProjectionTraining {
    private struct Progress: Codable {
        let step: Int
        let settings: Settings
        let parent: String
    }

    /// All that a restart needs beside what ``init(parent:notes:states:pairs:settings:)`` takes.
    public func checkpoint() throws(NoteLLMError) -> [UInt8] {
        var file = Safetensors()
        file.metadata["progress"] = try ModelVersion.json(
            Progress(step: done, settings: settings, parent: parent.id))
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
        let progress = try file.json("progress", Progress.self)
        guard progress.settings == settings, progress.parent == parent.id,
            (0...settings.steps).contains(progress.step)
        else {
            throw NoteLLMError(
                .shape,
                "The checkpoint is of another training (parent \(progress.parent), step \(progress.step)): begin anew.")
        }
        let count = objective.parameters.count
        let values = try file.vector("values", count: count)
        optimiser = AdamW(
            settings: optimiser.settings,
            moments: AdamW.Moments(
                first: try file.vector("first", count: count), second: try file.vector("second", count: count),
                steps: progress.step))
        take(values)
        done = progress.step
    }
}
