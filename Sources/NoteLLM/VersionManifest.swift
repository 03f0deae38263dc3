import LanguageModel

/// What a model version says about itself. Everything that decides what it computes is in here or in its tensors, and
/// nothing else (no clock, no machine), so that equal versions have equal ids.
public struct VersionManifest: Codable, Sendable, Equatable {
    /// The artefact's layout.
    public var format: Int
    /// The base language model's file, as SHA-256 in hexadecimal.
    public var baseModelSHA256: String
    /// Where embeddings are read.
    public var reading: Reading
    /// The version that this one was made from; nil where there was none.
    public var parent: String?
    /// How many notes it was made from.
    public var notes: Int
    /// How the parts of a hashtag's score are mixed; nil for a version that gives no hashtags.
    public var hashtags: HashtagMix?
    /// How the category is decided; nil for a version that gives none.
    public var category: CategoryDecision?
    /// What the version changes in the base model; nil for one that reads with it as it is.
    public var adapter: AdapterShape?
    /// How the embedding was trained; nil for one in closed form.
    public var training: TrainingRecord?
    /// The weights of lists, such as `related` and `next`, by feature.
    public var listWeights: [String: [String: Double]]
    /// What validation on unseen notes measured when the version was made.
    public var metrics: [String: Double]

    static let currentFormat = 1

    init(baseModelSHA256: String, reading: Reading, parent: String?, notes: Int) {
        format = Self.currentFormat
        self.baseModelSHA256 = baseModelSHA256
        self.reading = reading
        self.parent = parent
        self.notes = notes
        listWeights = [:]
        metrics = [:]
    }
}

/// The weights of the parts of a hashtag's score; by least squares the sum is about a probability.
public struct HashtagMix: Codable, Sendable, Equatable {
    /// Of the linear head on the pooled state.
    public var linear: Double
    /// Of the ridge regression on the note's terms.
    public var lexical: Double
    /// Of the bonus for the hashtag's words in the title.
    public var title: Double
    /// Of the bonus for the hashtag's words in the content.
    public var content: Double
    /// Of the language model's share of its probability among the best hashtags; 0: it is not asked.
    public var generation = 0.0
}

extension HashtagMix {
    /// Versions that were made before the language model weighed hashtags do not name its weight.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            linear: try container.decode(Double.self, forKey: .linear),
            lexical: try container.decode(Double.self, forKey: .lexical),
            title: try container.decode(Double.self, forKey: .title),
            content: try container.decode(Double.self, forKey: .content),
            generation: try container.decodeIfPresent(Double.self, forKey: .generation) ?? 0)
    }
}

/// How a category's scores become a decision.
public struct CategoryDecision: Codable, Sendable, Equatable {
    /// What a unit of the linear head's score adds to a label's logit, above the logarithm of the label's share.
    public var sharpness: Double
    /// The weight of the language model's log-likelihood of the label; 0: not asked for.
    public var likelihoodWeight: Double
    /// A note whose best label is less probable than this gets none.
    public var confidence: Double
}
