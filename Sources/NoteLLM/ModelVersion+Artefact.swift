import Foundation
import LanguageModel
import Tensors

// A version's bytes: a safetensors file whose metadata holds the manifest and the vocabularies as JSON.
extension ModelVersion {
    /// An artefact may not be larger, so that it travels through a topic and lives in memory beside others.
    public static let maximumArtefactBytes = 16 << 20

    /// Puts a version together and gives it its bytes and id.
    init(
        manifest: VersionManifest, standardiser: Standardiser, head: EmbeddingHead, scorer: HashtagScorer?,
        categoryHead: CategoryHead?, adapter: Adapter?
    ) throws(NoteLLMError) {
        var manifest = manifest
        manifest.hashtags = scorer?.mix
        manifest.category = categoryHead?.decision
        manifest.adapter = adapter?.shape
        var file = Safetensors()
        file.metadata["manifest"] = try Self.json(manifest)
        file.tensors["state.means"] = .init(standardiser.means)
        file.tensors["state.scales"] = .init(standardiser.scales)
        file.tensors["embedding.projection"] = .init(head.projection)
        if let scorer { try Self.write(scorer, to: &file) }
        if let categoryHead {
            file.metadata["category.labels"] = try Self.json(categoryHead.labels)
            file.tensors["category.shares"] = .init(categoryHead.shares)
            file.tensors["category.linear"] = .init(categoryHead.linear)
        }
        if let adapter { file.tensors.merge(adapter.tensors()) { _, new in new } }
        let artefact = file.encoded()
        guard artefact.count <= Self.maximumArtefactBytes else {
            throw NoteLLMError(
                .artefact, "The model version takes \(artefact.count) bytes; \(Self.maximumArtefactBytes) are allowed.")
        }
        self.artefact = artefact
        id = Self.id(of: artefact)
        self.manifest = manifest
        self.standardiser = standardiser
        self.head = head
        self.scorer = scorer
        self.categoryHead = categoryHead
        self.adapter = adapter
        adapterFingerprint = adapter?.fingerprint
    }

    /// Reads a version from its bytes.
    ///
    /// - Throws: ``NoteLLMError`` of kind `artefact` when they are damaged or break a bound.
    public init(artefact: [UInt8]) throws(NoteLLMError) {
        guard artefact.count <= Self.maximumArtefactBytes else {
            throw NoteLLMError(
                .artefact, "An artefact of \(artefact.count) bytes; \(Self.maximumArtefactBytes) are allowed.")
        }
        let file = try ArtefactReader(artefact)
        let manifest = try file.json("manifest", VersionManifest.self)
        guard manifest.format == VersionManifest.currentFormat else {
            throw NoteLLMError(
                .artefact,
                "The artefact has layout \(manifest.format); this program reads \(VersionManifest.currentFormat). "
                    + "Use the release that made it, or bootstrap a new version.")
        }
        let means = try file.vector("state.means")
        let width = means.count
        standardiser = Standardiser(means: means, scales: try file.vector("state.scales", count: width))
        head = EmbeddingHead(projection: try file.matrix("embedding.projection", columns: width))
        guard width > 0, head.dimension > 0 else {
            throw NoteLLMError(.artefact, "The artefact maps \(width) numbers to \(head.dimension): there is no model.")
        }
        scorer = try manifest.hashtags.map { (mix) throws(NoteLLMError) in
            try Self.readScorer(file, width: width, mix: mix)
        }
        categoryHead = try manifest.category.map { (decision) throws(NoteLLMError) in
            try Self.readCategoryHead(file, width: width, decision)
        }
        adapter = try manifest.adapter.map { (shape) throws(NoteLLMError) in try file.adapter(shape, width: width) }
        adapterFingerprint = adapter?.fingerprint
        self.manifest = manifest
        self.artefact = artefact
        id = Self.id(of: artefact)
    }

    /// The id of a version with these bytes.
    public static func id(of artefact: [UInt8]) -> String {
        SHA256.hex(Array(SHA256.hash(artefact).prefix(8)))
    }

    private static func write(_ scorer: HashtagScorer, to file: inout Safetensors) throws(NoteLLMError) {
        file.metadata["hashtags.tags"] = try json(scorer.tags)
        file.tensors["hashtags.shares"] = .init(scorer.shares)
        file.tensors["hashtags.linear"] = .init(scorer.linear)
        file.tensors["hashtags.title"] = .init(scorer.mentions.titlePrecisions)
        file.tensors["hashtags.content"] = .init(scorer.mentions.contentPrecisions)
        file.metadata["lexical.terms"] = try json(scorer.lexical.vectors.terms)
        file.tensors["lexical.frequencies"] = .init(scorer.lexical.vectors.inverseDocumentFrequencies)
        file.tensors["lexical.offsets"] = .init(scorer.lexical.offsets.map { Float($0) })
        file.tensors["lexical.tags"] = .init(scorer.lexical.tags.map { Float($0) })
        file.tensors["lexical.weights"] = .init(scorer.lexical.weights)
    }

    private static func readScorer(
        _ file: ArtefactReader, width: Int, mix: HashtagMix
    ) throws(NoteLLMError) -> HashtagScorer {
        let tags = try file.json("hashtags.tags", [String].self)
        let terms = try file.json("lexical.terms", [String].self)
        guard tags.count <= HashtagScorer.maximumTags, terms.count <= TermVectors.maximumTerms else {
            throw NoteLLMError(
                .artefact,
                "The artefact has \(tags.count) hashtags and \(terms.count) terms; \(HashtagScorer.maximumTags) and "
                    + "\(TermVectors.maximumTerms) are allowed.")
        }
        return HashtagScorer(
            tags: tags, shares: try file.vector("hashtags.shares", count: tags.count),
            linear: try file.matrix("hashtags.linear", rows: tags.count, columns: width),
            lexical: try readLexical(file, terms: terms, tagCount: tags.count),
            mentions: TagMentions(
                tags: tags, titlePrecisions: try file.vector("hashtags.title", count: tags.count),
                contentPrecisions: try file.vector("hashtags.content", count: tags.count)),
            mix: mix)
    }

    private static func readLexical(
        _ file: ArtefactReader, terms: [String], tagCount: Int
    ) throws(NoteLLMError) -> LexicalRidge {
        let weights = try file.vector("lexical.weights")
        let offsets = try file.integers("lexical.offsets", count: terms.count + 1, in: 0..<weights.count + 1)
        let isOrdered = zip(offsets, offsets.dropFirst()).allSatisfy {
            $0 <= $1 && $1 - $0 <= LexicalRidge.maximumWeightsPerTerm
        }
        guard isOrdered, offsets.first == 0, offsets.last == weights.count else {
            throw NoteLLMError(.artefact, "The artefact's lexical weights do not fit its \(terms.count) terms.")
        }
        let tags = try file.integers("lexical.tags", count: weights.count, in: 0..<tagCount)
        return LexicalRidge(
            vectors: TermVectors(
                terms: terms, inverseDocumentFrequencies: try file.vector("lexical.frequencies", count: terms.count)),
            offsets: offsets.map { Int32($0) }, tags: tags.map { UInt16($0) }, weights: weights)
    }

    private static func readCategoryHead(
        _ file: ArtefactReader, width: Int, _ decision: CategoryDecision
    ) throws(NoteLLMError) -> CategoryHead {
        let labels = try file.json("category.labels", [String].self)
        guard !labels.isEmpty, labels.count <= CategoryHead.maximumLabels else {
            throw NoteLLMError(
                .artefact,
                "The artefact has \(labels.count) categories; 1 to \(CategoryHead.maximumLabels) are allowed.")
        }
        return CategoryHead(
            labels: labels, shares: try file.vector("category.shares", count: labels.count),
            linear: try file.matrix("category.linear", rows: labels.count, columns: width), decision: decision)
    }

    /// `value` as JSON with sorted keys, so that equal values give equal bytes.
    static func json(_ value: some Encodable) throws(NoteLLMError) -> String {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw NoteLLMError(.artefact, "The model version cannot be written (is a weight or metric NaN?): \(error).")
        }
    }
}
