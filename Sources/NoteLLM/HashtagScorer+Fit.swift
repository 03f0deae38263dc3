import Tensors

extension HashtagScorer {
    /// Notes that the penalties and the mix are found on.
    static let maximumValidationNotes = 2_048
    static let linearPenalties: [Double] = [1, 2, 4, 8]
    static let lexicalPenalties: [Double] = [0.3, 1, 3]
    /// Weights that did well on question-and-answer sites; a corpus of some hundred notes overrules them.
    static let priorMix = HashtagMix(linear: 0.35, lexical: 0.3, title: 0.6, content: 0.4)

    /// What validation on unseen notes found.
    struct Validation: Sendable {
        let linearPenalty: Double
        let lexicalPenalty: Double
        let mix: HashtagMix
        /// Share of a note's hashtags among its five best, averaged.
        let recallAt5: Double
    }

    /// Fits the scorer on tagged notes, ordered by time; nil when there are fewer than five of them.
    ///
    /// - Parameter states: standardised, notes × width.
    static func fit(
        texts: [NoteText], states: Matrix<Float>, hashtags: [[String]], validationRows: [Int]
    ) throws(NoteLLMError) -> (scorer: HashtagScorer, validation: Validation)? {
        guard texts.count >= 5 else { return nil }
        let labels = LabelTable(hashtags, maximum: maximumTags)
        guard !labels.labels.isEmpty else { return nil }
        let validation = try validate(
            texts: validationRows.map { texts[$0] }, states: states.picking(validationRows),
            labels: labels.picking(validationRows))
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
        texts: [NoteText], states: Matrix<Float>, labels: LabelTable
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
        return Validation(
            linearPenalty: linear.penalty, lexicalPenalty: lexical.penalty, mix: mix,
            recallAt5: parts.recallAt5(mix: mix, labels: labels))
    }

    /// The four parts' scores of notes that they had not seen, each notes × hashtags.
    private struct Parts {
        let linear: Matrix<Double>
        let lexical: Matrix<Double>
        var title: Matrix<Double>
        var content: Matrix<Double>

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

        func mix(targets: Matrix<Double>) throws(NoteLLMError) -> HashtagMix {
            let prior = priorMix
            var fit = MixFit(prior: [prior.linear, prior.lexical, prior.title, prior.content], strength: 20)
            for note in 0..<targets.rows {
                for tag in 0..<targets.columns {
                    fit.add(
                        [linear[note, tag], lexical[note, tag], title[note, tag], content[note, tag]],
                        target: targets[note, tag])
                }
            }
            let weights = try fit.weights()
            return HashtagMix(linear: weights[0], lexical: weights[1], title: weights[2], content: weights[3])
        }

        func recallAt5(mix: HashtagMix, labels: LabelTable) -> Double {
            let recalls = labels.rows.indices.compactMap { note -> Double? in
                guard !labels.rows[note].isEmpty else { return nil }
                let scores = (0..<linear.columns).map { tag in
                    mix.linear * linear[note, tag] + mix.lexical * lexical[note, tag] + mix.title * title[note, tag]
                        + mix.content * content[note, tag]
                }
                let best = Set(HashtagScorer.largest(scores, 5))
                return Double(best.intersection(labels.rows[note]).count) / Double(labels.rows[note].count)
            }
            return recalls.isEmpty ? 0 : recalls.reduce(0, +) / Double(recalls.count)
        }
    }
}
