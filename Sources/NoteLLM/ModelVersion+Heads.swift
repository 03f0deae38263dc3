extension ModelVersion {
    /// The same embedding with hashtags and category fitted on other notes: what a comparison needs where this version's
    /// own heads may know the answers.
    ///
    /// - Parameter states: one per note, read as the manifest's reading says.
    package func refittingHeads(on notes: [TrainingNote], states: [[Float]]) throws(NoteLLMError) -> ModelVersion {
        var settings = BootstrapSettings(
            baseModelSHA256: manifest.baseModelSHA256, reading: manifest.reading, parent: manifest.parent,
            listWeights: manifest.listWeights)
        settings.embedding = LearnedEmbedding(of: self, projection: head.projection, adapter: adapter)
        settings.training = manifest.training
        return try Bootstrap.run(notes, states: states, settings: settings).version
    }
}
