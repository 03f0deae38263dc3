import CoOccurrence
import Evaluation
import NoteLLM
import Ranking

/// Fits the list weights of both profiles on what was really clicked, drawn towards the present weights; kept only where
/// they are better on a later slice (prequentially: each click is asked for before it is learned).
enum ListWeightRefit {
    /// The newest clicks, and the newest notes, that the walk looks at.
    static let maximumClicks = 8_000
    static let maximumNotes = 5_000

    /// - Parameters:
    ///   - snapshot: everything.
    ///   - range: the clicks to use, in time; their first half is fitted on, the second decides.
    ///   - version: whose embeddings and weights.
    /// - Returns: the weights to take over and what was found; nil when the log is too small to say.
    static func run(
        _ snapshot: Snapshot, during range: Range<Int64>, version: ModelVersion, states: [[Float]],
        window: WindowSettings, resamples: Int
    ) throws -> (weights: [String: [String: Double]], outcomes: [RetrainReport.ListWeightsOutcome])? {
        let clicks = snapshot.clicks.compactMap { event -> LoggedClick? in
            guard case .click(let user, let note, let time) = event, range.contains(time) else { return nil }
            return LoggedClick(time: time, user: user, note: note)
        }
        .sorted { $0.time != $1.time ? $0.time < $1.time : $0.user.lexicographicallyPrecedes($1.user) }
        .suffix(maximumClicks)
        let count = snapshot.notes.firstIndex { !range.contains($0.created) } ?? snapshot.notes.count
        let places = max(0, count - maximumNotes)..<count
        guard clicks.count >= TimeSlices.minimumClicks, places.count >= 10 else { return nil }
        let log = EngagementLog(notes: Array(snapshot.notes[places]), clicks: Array(clicks))
        let present = ListWeights(version.manifest.listWeights)
        let settings = PrequentialSettings(window: window, prior: present, followsEmittedLists: false)
        let walk = Prequential(log, embeddings: places.map { version.embedding(of: states[$0]) }, settings: settings)
        let fitted: PrequentialResult
        do {
            fitted = try walk.run()
        } catch {
            // Too few choices to fit on.
            guard case .fit = error else { throw error }
            return nil
        }
        let before = try walk.run(weights: present)
        var weights = version.manifest.listWeights
        var outcomes: [RetrainReport.ListWeightsOutcome] = []
        for (name, new) in fitted.weights.dictionary.sorted(by: { $0.key < $1.key }) {
            guard let one = fitted.tallies[name], let other = before.tallies[name] else { continue }
            let gains = zip(one.ranks, other.ranks).map { 1 / $0 - 1 / $1 }
            let interval = PairedBootstrap(resamples: resamples, seed: 1).interval(users: fitted.users, values: gains)
            let isKept = interval.interval.lowerBound > 0
            if isKept { weights[name] = new }
            outcomes.append(.init(profile: name, present: other.mrr, fitted: one.mrr, isKept: isKept))
        }
        return (weights, outcomes)
    }
}
