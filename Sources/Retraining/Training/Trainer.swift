import CoOccurrence
import Evaluation
import Foundation
import LanguageModel
import NoteLLM

/// Makes a challenger from a snapshot, and judges it against the serving version: train, choose and gate slices follow each
/// other in time, and nothing that the gate looks at has been learned.
package struct Trainer {
    /// What is asked for.
    package struct Settings {
        package var isDeep = false
        /// 0: as many as the mode takes.
        package var steps = 0
        package var threads = 1
        package var pairs = TrainingPairs.Settings()
        package var window = WindowSettings.standard
        package var gate = Gate()
        /// Pairs to use in place of those that clicks give.
        package var pairFile: PairFile?

        package init() {}
    }

    /// What came of it.
    package struct Outcome {
        package let version: ModelVersion
        package let report: RetrainReport
        package let losses: [LossRow]
    }

    /// What of the outside a training needs.
    package struct Surroundings {
        /// The base model and its file's fingerprint.
        let model: LanguageModel
        let sha256: String
        let states: StateCache
        let checkpoint: CheckpointFile
        /// Whether to stop at the next step.
        let isStopped: () -> Bool
        /// What is done, how much of it, of how much, and the loss where there is one.
        let progress: (String, Int, Int, Double?) -> Void

        package init(
            model: LanguageModel, sha256: String, states: StateCache, checkpoint: CheckpointFile,
            isStopped: @escaping () -> Bool, progress: @escaping (String, Int, Int, Double?) -> Void = { _, _, _, _ in }
        ) {
            self.model = model
            self.sha256 = sha256
            self.states = states
            self.checkpoint = checkpoint
            self.isStopped = isStopped
            self.progress = progress
        }
    }

    private let snapshot: Snapshot
    private let serving: ModelVersion
    private let settings: Settings
    private let around: Surroundings
    private let slices: TimeSlices?
    private let pairs: PairSlices
    /// How many notes, oldest first, were there before the gate's slice.
    private let known: Int

    /// - Throws: ``RetrainError`` of kind `data` where there is too little to learn from and judge.
    package init(
        _ snapshot: Snapshot, serving: ModelVersion, settings: Settings, around: Surroundings
    ) throws {
        self.snapshot = snapshot
        self.serving = serving
        self.settings = settings
        self.around = around
        if let file = settings.pairFile {
            slices = nil
            pairs = try PairSlices(file, snapshot.notes)
            known = snapshot.notes.count
        } else {
            guard let slices = TimeSlices(times: snapshot.clickTimes) else {
                throw RetrainError(
                    .data,
                    "\(snapshot.clickTimes.count) clicks are too few to learn from, choose and judge; "
                        + "\(TimeSlices.minimumClicks) at different times are needed.")
            }
            self.slices = slices
            let known = snapshot.notes.firstIndex { $0.created >= slices.gate } ?? snapshot.notes.count
            self.known = known
            pairs = PairSlices(snapshot, slices, settings: settings.pairs).keepingLearned(below: known)
        }
        guard pairs.refit.count > 1, pairs.train.count > 1 else {
            throw RetrainError(
                .data, "Only \(pairs.refit.count) pairs of notes were clicked together: nothing to learn.")
        }
    }

    /// Trains and judges; nil when it was stopped. A checkpoint is left behind in either case, for whoever cannot publish
    /// what came of it.
    package func run() throws -> Outcome? {
        let began = ContinuousClock.now
        guard let states = try pooledStates(of: serving) else { return nil }
        let reading = ContinuousClock.now - began
        var checkpoint = try resumed()
        guard let chosen = try choose(states, &checkpoint) else { return nil }
        guard
            let trained = try train(
                chosen, named: "refit", pairs.refit, notes: known, states, &checkpoint)
        else { return nil }
        guard var challenger = try version(of: trained) else { return nil }
        guard let challengerStates = try pooledStates(of: challenger) else { return nil }

        let weights = try slices.flatMap { slices in
            try ListWeightRefit.run(
                snapshot, during: slices.refitRange, version: challenger, states: challengerStates,
                window: settings.window, resamples: settings.gate.resamples)
        }
        if let weights, weights.outcomes.contains(where: \.isKept) {
            challenger = try challenger.with(listWeights: weights.weights, parent: serving.id)
        }
        let verdict = try judge(challenger, challengerStates, states)
        let candidates = Self.candidates(settings)
        let report = RetrainReport(
            version: challenger.id, parent: serving.id, mode: settings.isDeep ? "deep" : "quick",
            notes: snapshot.notes.count,
            pairs: [
                "train": pairs.train.count, "choose": pairs.choose.count, "refit": pairs.refit.count,
                "gate": pairs.gate.count,
            ],
            slices: slices,
            candidates: zip(candidates, checkpoint.chooseMRRs).map { .init(name: $0.name, chooseMRR: $1) },
            chosen: chosen.name, listWeights: weights?.outcomes ?? [],
            refittedServingHeads: refitsServingHeads, verdict: verdict,
            seconds: (ContinuousClock.now - began - reading) / .seconds(1), ends: snapshot.ends)
        return Outcome(version: challenger, report: report, losses: checkpoint.losses)
    }

    // MARK: - Candidates

    /// A set of hyper-parameters to try.
    struct Candidate {
        let name: String
        let quick: ProjectionTraining.Settings
        let deep: DeepTraining.Settings?
    }

    /// What is tried: in quick mode how long, how much is dropped out and whether hashtags teach too (few pairs are learned
    /// by heart soon); deep training is too dear to try.
    static func candidates(_ settings: Settings) -> [Candidate] {
        var quick = ProjectionTraining.Settings()
        if settings.steps > 0 { quick.steps = settings.steps }
        if settings.isDeep {
            var deep = DeepTraining.Settings()
            if settings.steps > 0 { deep.steps = settings.steps }
            return [Candidate(name: "adapter", quick: quick, deep: deep)]
        }
        let steps = quick.steps
        let tried: [(share: Double, dropout: Double, tagWeight: Float)] = [(0.2, 0.5, 0), (1, 0.3, 0), (1, 0.5, 1)]
        return tried.map { share, dropout, tagWeight in
            quick.steps = max(1, Int(share * Double(steps)))
            quick.dropout = dropout
            quick.temperature = dropout > 0.4 ? 2.3 : 2.7
            quick.tagWeight = tagWeight
            let name = "\(quick.steps) steps, dropout \(dropout)" + (tagWeight > 0 ? ", hashtags" : "")
            return Candidate(name: name, quick: quick, deep: nil)
        }
    }

    /// Trains every candidate on the first slice and takes the one that finds most on the second.
    private func choose(_ states: [[Float]], _ checkpoint: inout Checkpoint) throws -> Candidate? {
        let candidates = Self.candidates(settings)
        guard candidates.count > 1 else { return candidates.first }
        let early = slices.map { slices in
            snapshot.notes.firstIndex { $0.created >= slices.choose } ?? snapshot.notes.count
        }
        let notes = early ?? known
        let judge = Judge(snapshot.notes, pairs: pairs.choose)
        while checkpoint.chooseMRRs.count < candidates.count {
            let candidate = candidates[checkpoint.chooseMRRs.count]
            let learned = pairs.train.filter { $0.source < notes && $0.target < notes }
            guard
                let trained = try train(
                    candidate, named: candidate.name, learned, notes: notes, states, &checkpoint)
            else { return nil }
            guard case .quick(let training) = trained else { return candidate }
            checkpoint.chooseMRRs.append(judge.cosineMRR(of: training.embeddings(of: states)))
            checkpoint.training = nil
            try around.checkpoint.save(checkpoint)
        }
        let best = checkpoint.chooseMRRs.indices.max { checkpoint.chooseMRRs[$0] < checkpoint.chooseMRRs[$1] } ?? 0
        return candidates[best]
    }

    // MARK: - Training

    /// Trains to the end; nil when it was stopped.
    private func train(
        _ candidate: Candidate, named name: String, _ pairs: [TrainingPair], notes: Int, _ states: [[Float]],
        _ checkpoint: inout Checkpoint
    ) throws -> TrainingUnderWay? {
        let corpus = snapshot.notes.prefix(notes).map(\.trainingNote)
        var training: TrainingUnderWay
        if let deep = candidate.deep {
            training = .deep(
                try DeepTraining(
                    parent: serving, model: around.model, notes: corpus, pairs: pairs, settings: deep))
        } else {
            training = .quick(
                try ProjectionTraining(
                    parent: serving, notes: corpus, states: Array(states.prefix(notes)), pairs: pairs,
                    settings: candidate.quick))
        }
        if let saved = checkpoint.training { try training.restore(saved) }
        while !training.isFinished {
            if around.isStopped() {
                checkpoint.training = try training.checkpoint()
                try around.checkpoint.save(checkpoint)
                return nil
            }
            let row = try training.step(name, threads: settings.threads)
            checkpoint.losses.append(row)
            around.progress("training (\(name))", row.step, training.progress.of, row.loss)
            if row.step % training.stepsPerCheckpoint == 0 {
                checkpoint.training = try training.checkpoint()
                try around.checkpoint.save(checkpoint)
            }
        }
        return training
    }

    private func version(of training: TrainingUnderWay) throws -> ModelVersion? {
        let range = snapshot.ends.reduce(into: [String: [Int64]]()) { ranges, topic in
            for (partition, end) in topic.value.enumerated() {
                let starts = snapshot.starts[topic.key] ?? []
                ranges["\(topic.key)/\(partition)"] = [starts.indices.contains(partition) ? starts[partition] : 0, end]
            }
        }
        switch training {
        case .quick(let training): return try training.version(dataRange: range)
        case .deep(let training):
            return try training.version(dataRange: range, weighsHashtags: true, threads: settings.threads)
        }
    }

    // MARK: - Reading and judging

    /// The states of all notes as a version reads them; nil when it was stopped.
    private func pooledStates(of version: ModelVersion) throws -> [[Float]]? {
        let encoder = try version.makeEncoder(model: around.model, baseModelSHA256: around.sha256)
        return try around.states.states(
            of: snapshot.notes.map(\.text), readingKey: version.readingKey, isStopped: around.isStopped,
            progress: { around.progress("reading notes", $0, $1, nil) },
            read: { try encoder.pooledStates(of: $0, threads: settings.threads) })
    }

    /// Both versions on the gate's slice. Labels are judged on notes of that slice, by heads fitted on the notes before it:
    /// the serving version's own may have seen them.
    private func judge(
        _ challenger: ModelVersion, _ challengerStates: [[Float]], _ servingStates: [[Float]]
    ) throws -> Verdict {
        around.progress("judging", 0, 1, nil)
        defer { around.progress("judging", 1, 1, nil) }
        let judge = Judge(
            snapshot.notes, pairs: pairs.gate, labelled: Array(known..<snapshot.notes.count))
        let tagger =
            refitsServingHeads
            ? try serving.refittingHeads(
                on: snapshot.notes.prefix(known).map(\.trainingNote), states: Array(servingStates.prefix(known)))
            : serving
        let judgements = try judge.judgements(of: [
            .init(version: challenger, states: challengerStates, tagger: challenger),
            .init(version: serving, states: servingStates, tagger: tagger),
        ])
        return settings.gate.verdict(sources: judge.sources, challenger: judgements[0], serving: judgements[1])
    }

    private var refitsServingHeads: Bool { known < snapshot.notes.count && known >= Bootstrap.minimumNotes }

    // MARK: - Checkpoints

    /// The checkpoint of this very training, or a fresh one.
    private func resumed() throws -> Checkpoint {
        let fingerprint = fingerprint
        if let saved = around.checkpoint.load(), saved.fingerprint == fingerprint { return saved }
        return Checkpoint(fingerprint: fingerprint, ends: snapshot.ends)
    }

    /// Of everything that the training depends on.
    private var fingerprint: String {
        var hash = SHA256()
        hash.update(Array("\(serving.id) \(settings.isDeep) \(settings.steps) \(settings.pairs)".utf8))
        for note in snapshot.notes {
            hash.update(note.id)
            hash.update(ContentHash(note.text).bytes)
            hash.update(Array("\(note.category) \(note.hashtags)".utf8))
        }
        for pair in pairs.train + pairs.choose + pairs.refit {
            hash.update(Array("\(pair.source) \(pair.target) \(pair.weight);".utf8))
        }
        return SHA256.hex(hash.finish())
    }
}
