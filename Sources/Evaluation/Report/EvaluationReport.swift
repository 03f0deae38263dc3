/// What an evaluation found, as a value; ``text`` and ``json`` print it.
public struct EvaluationReport: Sendable {
    /// The walk's tallies, weights and staleness.
    public let result: PrequentialResult
    /// Hashtags; nil when they were not judged.
    public let tags: TagRecall?
    /// `next` against every floor and every ablation, `related` against TF-IDF.
    public let differences: [PairedDifference]
    /// Lines of context: the log's size, the model version, the window.
    public let heading: [String]

    package init(_ result: PrequentialResult, tags: TagRecall?, heading: [String], resamples: Int, seed: UInt64) {
        self.result = result
        self.tags = tags
        self.heading = heading
        let bootstrap = PairedBootstrap(resamples: resamples, seed: seed)
        let rivals = Floors.names + ["next_without_text", "next_without_cooccurrence"]
        differences =
            rivals.flatMap { bootstrap.compare("next", $0, in: result) }
            + bootstrap.compare("related", "tfidf", in: result)
    }
}
