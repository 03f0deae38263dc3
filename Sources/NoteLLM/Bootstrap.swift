import Tensors

/// What a bootstrap is asked for.
public struct BootstrapSettings: Sendable {
    /// The base language model's file, as SHA-256 in hexadecimal.
    public var baseModelSHA256: String
    /// Where the states were read.
    public var reading: Reading
    /// The version to name as parent.
    public var parent: String?
    /// The embedding's dimension.
    public var dimension: Int
    /// A larger corpus is sampled down to this; see ``Bootstrap/sample(_:limit:)``.
    public var maximumNotes: Int
    /// The weights of lists that the version carries.
    public var listWeights: [String: [String: Double]]
    /// An embedding that was trained; nil: principal components.
    package var embedding: LearnedEmbedding?
    /// How it was trained.
    package var training: TrainingRecord?

    /// The paper's dimension, and the untrained default of everything else.
    public init(
        baseModelSHA256: String, reading: Reading = .standard, parent: String? = nil, dimension: Int = 128,
        maximumNotes: Int = 20_000, listWeights: [String: [String: Double]] = [:]
    ) {
        self.baseModelSHA256 = baseModelSHA256
        self.reading = reading
        self.parent = parent
        self.dimension = dimension
        self.maximumNotes = maximumNotes
        self.listWeights = listWeights
    }
}

/// A bootstrapped version and what it took.
public struct BootstrapResult: Sendable {
    /// The version.
    public let version: ModelVersion
    /// How many distinct notes it was made from.
    public let notes: Int
    /// Wall time. Not part of the version.
    public let seconds: Double
}

/// The steps of a bootstrap, in order.
public enum BootstrapStep: String, Sendable, CaseIterable {
    /// Removing duplicates, sampling, ordering by time.
    case selecting
    /// Standardiser and principal components.
    case embedding
    /// Penalties, mix and weights of the hashtags' parts.
    case hashtags
    /// The category head.
    case category
    /// Writing the artefact.
    case artefact
}

/// Makes a model version from past notes in closed form: the same notes, in whatever order, give the same version.
public enum Bootstrap {
    /// Fewer distinct notes than this tell nothing about how states vary.
    public static let minimumNotes = 5

    /// Fits standardiser, embedding, hashtags and category.
    ///
    /// - Parameters:
    ///   - notes: past notes in any order; of equal texts the latest counts.
    ///   - states: their pooled states, one each, all of one width, read as the settings' reading says.
    ///   - likelihoods: per note the language model's log-likelihood of each of ``categories(of:)``, when the version is
    ///     to ask for them if they help; nil: it does not.
    ///   - weighing: asks the language model about hashtags, when the version is to ask for that if it helps; nil: it does
    ///     not.
    ///   - progress: called as each step begins.
    /// - Throws: ``NoteLLMError`` of kind `tooFewNotes`, `shape` or `numeric`.
    public static func run(
        _ notes: [TrainingNote], states: [[Float]], settings: BootstrapSettings, likelihoods: [[Double]]? = nil,
        weighing: HashtagWeighing? = nil, progress: ((BootstrapStep) -> Void)? = nil
    ) throws(NoteLLMError) -> BootstrapResult {
        let clock = ContinuousClock()
        let start = clock.now
        progress?(.selecting)
        try check(notes, states, likelihoods)
        let order = selected(notes, limit: settings.maximumNotes)
        guard order.count >= minimumNotes else {
            throw NoteLLMError(
                .tooFewNotes,
                "A model version needs at least \(minimumNotes) notes with different texts, not \(order.count).")
        }
        let corpus = order.map { notes[$0] }

        progress?(.embedding)
        let raw = Matrix(order.map { states[$0] })
        let standardiser = settings.embedding?.standardiser ?? Standardiser(states: raw)
        let standardised = standardiser.standardised(raw)
        let head =
            if let learned = settings.embedding { learned.head } else {
                try EmbeddingHead(standardised: standardised, dimension: settings.dimension)
            }

        progress?(.hashtags)
        var manifest = VersionManifest(
            baseModelSHA256: settings.baseModelSHA256, reading: settings.reading, parent: settings.parent,
            notes: corpus.count)
        manifest.listWeights = settings.listWeights
        manifest.training = settings.training
        let tagged = corpus.indices.filter { !corpus[$0].hashtags.isEmpty }
        let scorer = try HashtagScorer.fit(
            texts: tagged.map { corpus[$0].text }, states: standardised.picking(tagged),
            hashtags: tagged.map { corpus[$0].hashtags },
            validationRows: validationRows(of: tagged.map { corpus[$0] }), weigh: weighing?.weigh)
        manifest.metrics["hashtags_recall_at_5"] = scorer?.validation.recallAt5
        manifest.metrics["hashtags_generation_gain"] = scorer?.validation.weighedGain

        progress?(.category)
        let labels = categories(of: notes)
        let known = Set(labels)
        let filed = corpus.indices.filter { known.contains(corpus[$0].category) }
        let category = try CategoryHead.fit(
            states: standardised.picking(filed), categories: filed.map { corpus[$0].category }, labels: labels,
            likelihoods: likelihoods.map { all in filed.map { all[order[$0]] } },
            validationRows: validationRows(of: filed.map { corpus[$0] }))
        manifest.metrics["category_accuracy"] = category?.accuracy

        progress?(.artefact)
        let version = try ModelVersion(
            manifest: manifest, standardiser: standardiser, head: head, scorer: scorer?.scorer,
            categoryHead: category?.head, adapter: settings.embedding?.adapter)
        return BootstrapResult(
            version: version, notes: corpus.count, seconds: (clock.now - start) / .seconds(1))
    }

    /// Version 0, from simulated notes: an embedding and nothing else, so that it writes no hashtag and no category.
    public static func versionZero(
        _ texts: [NoteText], states: [[Float]], settings: BootstrapSettings
    ) throws(NoteLLMError) -> ModelVersion {
        let notes = texts.map { TrainingNote(text: $0, time: 0) }
        return try run(notes, states: states, settings: settings).version
    }

    /// At most `limit` of the notes, chosen by the hash of their text: the same notes whatever their order, and mostly
    /// the same ones when the corpus has grown. For corpora whose states take long to compute.
    public static func sample(_ notes: [TrainingNote], limit: Int) -> [TrainingNote] {
        selected(notes, limit: limit).map { notes[$0] }
    }

    /// The categories that a version bootstrapped from `notes` knows, in the order of its likelihoods.
    public static func categories(of notes: [TrainingNote]) -> [String] {
        // Sorted, so that of two spellings that Unicode holds equal the same one stays whatever the notes' order.
        let categories = notes.map(\.category).sorted(by: LabelTable.precedes)
        return LabelTable(categories.map { [$0] }, maximum: CategoryHead.maximumLabels).labels
    }

    /// Positions of the notes to learn from, by time: of equal texts the latest, at most `limit` of them.
    package static func selected(_ notes: [TrainingNote], limit: Int) -> [Int] {
        let hashes = notes.map { ContentHash($0.text).bytes }
        var latest: [[UInt8]: Int] = [:]
        for (position, hash) in hashes.enumerated() {
            if let other = latest[hash], !precedes(notes[other], notes[position]) { continue }
            latest[hash] = position
        }
        let byHash = latest.values.sorted { hashes[$0].lexicographicallyPrecedes(hashes[$1]) }
        return byHash.prefix(limit).sorted { left, right in
            notes[left].time != notes[right].time
                ? notes[left].time < notes[right].time : hashes[left].lexicographicallyPrecedes(hashes[right])
        }
    }

    /// Whether, of two notes of equal text, the right one is to be kept: the later, and of one time the one with the
    /// greater labels, so that the order of input never decides.
    private static func precedes(_ left: TrainingNote, _ right: TrainingNote) -> Bool {
        if left.time != right.time { return left.time < right.time }
        let (leftLabels, rightLabels) = (left.hashtags + [left.category], right.hashtags + [right.category])
        return leftLabels.lexicographicallyPrecedes(rightLabels, by: LabelTable.precedes)
    }

    /// Positions within `notes` (ordered by time) of those to validate on.
    private static func validationRows(of notes: [TrainingNote]) -> [Int] {
        selected(notes, limit: HashtagScorer.maximumValidationNotes)
    }

    private static func check(
        _ notes: [TrainingNote], _ states: [[Float]], _ likelihoods: [[Double]]?
    ) throws(NoteLLMError) {
        guard states.count == notes.count, likelihoods?.count ?? notes.count == notes.count else {
            throw NoteLLMError(
                .shape, "\(notes.count) notes with \(states.count) states: every note needs one.")
        }
        let width = states.first?.count ?? 0
        for (position, state) in states.enumerated() {
            guard state.count == width, width > 0, state.allSatisfy(\.isFinite) else {
                throw NoteLLMError(
                    .shape,
                    "The state of note \(position) ('\(notes[position].text.title)') is not \(width) finite numbers.")
            }
        }
        let labels = likelihoods == nil ? 0 : categories(of: notes).count
        for (position, row) in (likelihoods ?? []).enumerated() where row.count != labels {
            throw NoteLLMError(
                .shape, "Note \(position) has \(row.count) likelihoods for \(labels) categories.")
        }
    }
}
