import Tensors

extension HashtagScorer {
    /// Notes that the penalties and the mix are found on.
    static let maximumValidationNotes = 2_048
    static let linearPenalties: [Double] = [1, 2, 4, 8]
    static let lexicalPenalties: [Double] = [0.3, 1, 3]
    /// Weights that did well on question-and-answer sites; a corpus of some hundred notes overrules them.
    static let priorMix = HashtagMix(linear: 0.35, lexical: 0.3, title: 0.6, content: 0.4)
    /// Notes that the language model weighs hashtags of: at some tenths of a second each.
    package static let maximumWeighedNotes = 256
    /// What the language model must add to the share of hashtags found, to be asked at all: it makes each note take
    /// several times as long.
    static let minimumGain = 0.005
    /// How many standard errors above zero that must lie: one-sided, 95 % (what a few hundred notes give by chance is more
    /// than the least gain).
    static let sureness = 1.645

    /// The language model's log-likelihoods of candidate hashtags, one list per note.
    package typealias Weigh = ([(text: NoteText, hashtags: [String])]) throws(NoteLLMError) -> [[Double]]

    /// What validation on unseen notes found.
    package struct Validation: Sendable {
        let linearPenalty: Double
        let lexicalPenalty: Double
        fileprivate(set) var mix: HashtagMix
        /// Share of a note's hashtags among its five best, averaged.
        let recallAt5: Double
        /// What the language model's part adds to that, over the notes that it was asked about; nil: not asked.
        package fileprivate(set) var weighedGain: Double?
    }

    /// Fits the scorer on tagged notes, ordered by time; nil when there are fewer than five of them.
    ///
    /// - Parameters:
    ///   - states: standardised, notes × width.
    ///   - weigh: asks the language model; nil: the scorer goes without.
    package static func fit(
        texts: [NoteText], states: Matrix<Float>, hashtags: [[String]], validationRows: [Int], weigh: Weigh? = nil
    ) throws(NoteLLMError) -> (scorer: HashtagScorer, validation: Validation)? {
        guard texts.count >= 5 else { return nil }
        let labels = LabelTable(hashtags, maximum: maximumTags)
        guard !labels.labels.isEmpty else { return nil }
        let validation = try validate(
            texts: validationRows.map { texts[$0] }, states: states.picking(validationRows),
            labels: labels.picking(validationRows), weigh: weigh)
        let targets = labels.targets()
        let scorer = HashtagScorer(
            tags: labels.labels, shares: targets.columnMeans().map { Float($0) },
            linear: try LinearHead.fit(standardised: states, targets: targets, penalty: validation.linearPenalty),
            lexical: try LexicalRidge.fit(texts: texts, labels: labels, penalty: validation.lexicalPenalty),
            mentions: MentionTable(texts: texts, tags: labels.labels)
                .fit(labels: labels, training: Array(texts.indices)),
            mix: validation.mix)
        return (scorer, validation)
    }

    /// Predicts each stretch of time from the rest, and finds penalties and mix on those predictions.
    static func validate(
        texts: [NoteText], states: Matrix<Float>, labels: LabelTable, weigh: Weigh? = nil
    ) throws(NoteLLMError) -> Validation {
        let outOfFold = OutOfFold(count: texts.count)
        let targets = labels.targets()
        let vectors = TermVectors(texts: texts)
        let linear = try outOfFold.bestRidge(
            kernel: Kernels.dense(standardised: states), targets: targets, penalties: linearPenalties)
        let lexical = try outOfFold.bestRidge(
            kernel: Kernels.lexical(texts.map(vectors.vector(of:)), termCount: vectors.terms.count),
            targets: targets, penalties: lexicalPenalties)
        var parts = Parts(linear: linear.predictions, lexical: lexical.predictions)
        let table = MentionTable(texts: texts, tags: labels.labels)
        for fold in outOfFold.folds {
            parts.addMentions(table, labels: labels, fold: fold, training: outOfFold.training(without: fold))
        }
        let mix = try parts.mix(targets: targets)
        var validation = Validation(
            linearPenalty: linear.penalty, lexicalPenalty: lexical.penalty, mix: mix,
            recallAt5: parts.recallAt5(mix: mix, labels: labels, notes: Array(texts.indices)))
        if let weigh { try validation.weigh(texts, parts: parts, labels: labels, by: weigh) }
        return validation
    }

    /// The parts' scores of notes that they had not seen, each notes × hashtags.
    struct Parts {
        let linear: Matrix<Double>
        let lexical: Matrix<Double>
        var title: Matrix<Double>
        var content: Matrix<Double>
        /// The language model's part, of the notes that it was asked about.
        var generation: [Int: [Int: Double]] = [:]

        init(linear: Matrix<Double>, lexical: Matrix<Double>) {
            self.linear = linear
            self.lexical = lexical
            title = Matrix(rows: linear.rows, columns: linear.columns)
            content = title
        }

        /// Hashtags that no training note of the fold carries get no bonus: served vocabularies hold no such tag.
        mutating func addMentions(_ table: MentionTable, labels: LabelTable, fold: Range<Int>, training: [Int]) {
            let mentions = table.fit(labels: labels, training: training)
            let known = Set(training.flatMap { labels.rows[$0] })
            for note in fold {
                for tag in table.titles[note] where known.contains(tag) {
                    title[note, tag] = Double(mentions.titlePrecisions[tag])
                }
                for tag in table.contents[note] where known.contains(tag) {
                    content[note, tag] = Double(mentions.contentPrecisions[tag])
                }
            }
        }

        /// The mix of all parts but the language model's.
        func mix(targets: Matrix<Double>) throws(NoteLLMError) -> HashtagMix {
            let weights = try weights(targets, notes: 0..<targets.rows, prior: priorMix)
            return HashtagMix(linear: weights[0], lexical: weights[1], title: weights[2], content: weights[3])
        }

        /// The mix of all parts, on some of the notes that the language model was asked about.
        func weighedMix(
            targets: Matrix<Double>, notes: [Int], prior: HashtagMix
        ) throws(NoteLLMError) -> HashtagMix {
            let weights = try weights(targets, notes: notes, prior: prior)
            return HashtagMix(
                linear: weights[0], lexical: weights[1], title: weights[2], content: weights[3], generation: weights[4])
        }

        private func weights(
            _ targets: Matrix<Double>, notes: some Sequence<Int>, prior: HashtagMix
        ) throws(NoteLLMError) -> [Double] {
            var fit = MixFit(
                prior: [prior.linear, prior.lexical, prior.title, prior.content, prior.generation], strength: 20)
            for note in notes {
                for tag in 0..<targets.columns { fit.add(scores(note, tag), target: targets[note, tag]) }
            }
            return try fit.weights()
        }

        private func scores(_ note: Int, _ tag: Int) -> [Double] {
            [linear[note, tag], lexical[note, tag], title[note, tag], content[note, tag], generation[note]?[tag] ?? 0]
        }

        /// One score per hashtag.
        func mixed(_ note: Int, _ mix: HashtagMix) -> [Double] {
            let generation = generation[note] ?? [:]
            return (0..<linear.columns).map { tag in
                mix.linear * linear[note, tag] + mix.lexical * lexical[note, tag] + mix.title * title[note, tag]
                    + mix.content * content[note, tag] + mix.generation * (generation[tag] ?? 0)
            }
        }

        /// Over those of `notes` that carry hashtags.
        func recallAt5(mix: HashtagMix, labels: LabelTable, notes: [Int]) -> Double {
            let recalls = notes.compactMap { note -> Double? in
                guard !labels.rows[note].isEmpty else { return nil }
                let best = Set(HashtagScorer.largest(mixed(note, mix), HashtagScorer.maximumPerNote))
                return Double(best.intersection(labels.rows[note]).count) / Double(labels.rows[note].count)
            }
            return recalls.isEmpty ? 0 : recalls.reduce(0, +) / Double(recalls.count)
        }
    }
}

extension HashtagScorer.Validation {
    /// Asks the language model about the best hashtags of some notes, evenly spread over time, and takes its part into the
    /// mix where that finds more of them.
    fileprivate mutating func weigh(
        _ texts: [NoteText], parts: HashtagScorer.Parts, labels: LabelTable, by weigh: HashtagScorer.Weigh
    ) throws(NoteLLMError) {
        let count = min(texts.count, HashtagScorer.maximumWeighedNotes)
        let notes = (0..<count).map { $0 * texts.count / count }
        let candidates = notes.map { HashtagScorer.largest(parts.mixed($0, mix), HashtagScorer.weighed) }
        let likelihoods = try weigh(
            zip(notes, candidates).map { note, tags in (texts[note], tags.map { labels.labels[$0] }) })
        var parts = parts
        for (place, note) in notes.enumerated() {
            guard likelihoods.count == count, likelihoods[place].count == candidates[place].count else {
                throw NoteLLMError(.shape, "The language model's likelihoods are not one per hashtag asked about.")
            }
            parts.generation[note] = Dictionary(
                uniqueKeysWithValues: zip(candidates[place], HashtagScorer.shares(of: likelihoods[place])))
        }
        // Judged on notes that its weight was not found on, half by half.
        let targets = labels.targets()
        var gains: [Double] = []
        for half in OutOfFold(count: count, folds: 2).folds {
            let others = notes.indices.filter { !half.contains($0) }.map { notes[$0] }
            let found = try parts.weighedMix(targets: targets, notes: others, prior: mix)
            for note in notes[half] where !labels.rows[note].isEmpty {
                gains.append(
                    parts.recallAt5(mix: found, labels: labels, notes: [note])
                        - parts.recallAt5(mix: mix, labels: labels, notes: [note]))
            }
        }
        let number = Double(max(gains.count, 1))
        let gain = gains.reduce(0, +) / number
        let spread = (gains.reduce(0) { $0 + ($1 - gain) * ($1 - gain) } / number / number).squareRoot()
        weighedGain = gain
        if gain >= max(HashtagScorer.minimumGain, HashtagScorer.sureness * spread) {
            mix = try parts.weighedMix(targets: targets, notes: notes, prior: mix)
        }
    }
}
