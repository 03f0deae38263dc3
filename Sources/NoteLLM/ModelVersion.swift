import LanguageModel
import Tensors

/// What a model version says about one note.
public struct ProfiledNote: Sendable, Equatable {
    /// Of length 1.
    public let embedding: [Float]
    /// The best category; nil where the version knows none or is not sure enough.
    public let category: String?
    /// The probability of the best category, given or not; 0 where the version knows none.
    public let categoryScore: Double
    /// The best hashtags, best first, at most five.
    public let hashtags: [ScoredHashtag]
}

/// All that turns a pooled state and a text into a profile, as one immutable value with an id of its content.
///
/// The base model is not in it, only its fingerprint: a new machine needs the base model's file and the artefact.
public struct ModelVersion: Sendable {
    /// The first 16 hexadecimal digits of the artefact's SHA-256.
    public let id: String
    /// What the version says about itself.
    public let manifest: VersionManifest
    /// The whole version as bytes, at most 16 MB. Equal versions have equal bytes.
    public let artefact: [UInt8]

    let standardiser: Standardiser
    let head: EmbeddingHead
    let scorer: HashtagScorer?
    let categoryHead: CategoryHead?
    /// What it changes in the base model; nil for a version that reads with the base model as it is.
    public let adapter: Adapter?
    /// The adapter's ``Adapter/fingerprint``; hashing it takes a moment.
    let adapterFingerprint: String?

    /// How many numbers a pooled state has.
    public var width: Int { standardiser.width }
    /// How many numbers an embedding has.
    public var dimension: Int { head.dimension }
    /// The hashtags that it can give, sorted by bytes.
    public var hashtags: [String] { scorer?.tags ?? [] }
    /// The categories that it can give, sorted by bytes.
    public var categories: [String] { categoryHead?.labels ?? [] }
    /// Whether ``profile(pooled:text:labelLikelihoods:hashtagLikelihoods:)`` wants the language model's likelihood of each
    /// category.
    public var asksForLikelihoods: Bool { (manifest.category?.likelihoodWeight ?? 0) > 0 }

    /// Whether ``profile(pooled:text:labelLikelihoods:hashtagLikelihoods:)`` wants the language model's likelihood of the
    /// ``hashtagCandidates(pooled:text:)``.
    public var asksForHashtagLikelihoods: Bool { (manifest.hashtags?.generation ?? 0) > 0 }

    /// What pooled states depend on beside the text: versions with equal keys take each other's.
    public var readingKey: String {
        let reading = manifest.reading
        return "\(manifest.baseModelSHA256)/\(reading.layer)/\(reading.pooling.rawValue)/\(reading.outputNorm)"
            + (adapterFingerprint.map { "/\($0)" } ?? "")
    }

    /// The model that this version reads and writes with: `base` with the version's adapter merged in, or `base` itself.
    ///
    /// Adapted layers take memory of their own, so make it once and hand it to all that read:
    /// ``makeEncoder(model:baseModelSHA256:)`` takes it as it takes the base model.
    ///
    /// - Throws: ``NoteLLMError`` of kind `shape` when the adapter does not fit.
    public func languageModel(over base: LanguageModel) throws(NoteLLMError) -> LanguageModel {
        guard let adapter else { return base }
        do {
            return try base.merging(adapter)
        } catch {
            throw NoteLLMError(.shape, "Model version \(id) cannot be run with this base model. \(error.message)")
        }
    }

    /// An encoder whose pooled states this version takes.
    ///
    /// - Parameters:
    ///   - model: the base model, with or without the version's adapter.
    ///   - baseModelSHA256: the fingerprint of the file that it was read from.
    /// - Throws: ``NoteLLMError`` of kind `shape` when the version was made with another base model.
    public func makeEncoder(model: LanguageModel, baseModelSHA256: String) throws(NoteLLMError) -> NoteEncoder {
        guard baseModelSHA256 == manifest.baseModelSHA256, model.configuration.width == width else {
            throw NoteLLMError(
                .shape,
                "Model version \(id) was made with the base model of SHA-256 \(manifest.baseModelSHA256), not with "
                    + "\(baseModelSHA256). Give that file, or bootstrap a version with this one.")
        }
        return try NoteEncoder(model: languageModel(over: model), reading: manifest.reading)
    }

    /// The hashtags that the language model is to weigh for a note, by their place in ``hashtags``: the best by all other
    /// parts, best first.
    ///
    /// - Parameters:
    ///   - pooled: `width` numbers, read as the manifest's reading says.
    ///   - text: the title and the content.
    public func hashtagCandidates(pooled: [Float], text: NoteText) -> [Int] {
        scorer?.candidates(standardised: standardiser.standardised(pooled), text: text) ?? []
    }

    /// The embedding of a pooled state (`width` numbers, read as the manifest's reading says): `dimension` numbers of
    /// length 1.
    public func embedding(of pooled: [Float]) -> [Float] {
        head.embedding(standardised: standardiser.standardised(pooled))
    }

    /// The profile of a note, a function of its pooled state and text alone.
    ///
    /// - Parameters:
    ///   - pooled: `width` numbers, read as the manifest's reading says.
    ///   - text: the title and the content.
    ///   - labelLikelihoods: log-likelihoods of ``categories``, in their order, for a version that asks for them.
    ///   - hashtagLikelihoods: log-likelihoods of the ``hashtagCandidates(pooled:text:)``, in their order, for a version
    ///     that asks for them.
    public func profile(
        pooled: [Float], text: NoteText, labelLikelihoods: [Double]? = nil, hashtagLikelihoods: [Double]? = nil
    ) -> ProfiledNote {
        let state = standardiser.standardised(pooled)
        let category = categoryHead?.best(standardised: state, likelihoods: labelLikelihoods)
        return ProfiledNote(
            embedding: head.embedding(standardised: state), category: category?.label,
            categoryScore: category?.score ?? 0,
            hashtags: scorer?.best(standardised: state, text: text, likelihoods: hashtagLikelihoods) ?? [])
    }

    /// The same model with other weights of lists, as a new version.
    ///
    /// - Parameters:
    ///   - metrics: added to the manifest's.
    ///   - parent: the version to name as parent; nil: this one.
    public func with(
        listWeights: [String: [String: Double]], metrics: [String: Double] = [:], parent: String? = nil
    ) throws(NoteLLMError) -> ModelVersion {
        var manifest = manifest
        manifest.parent = parent ?? id
        manifest.listWeights = listWeights
        manifest.metrics.merge(metrics) { _, new in new }
        return try ModelVersion(
            manifest: manifest, standardiser: standardiser, head: head, scorer: scorer, categoryHead: categoryHead,
            adapter: adapter)
    }
}
