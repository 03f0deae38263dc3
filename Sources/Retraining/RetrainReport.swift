import Foundation

/// What a training did and what the gate found: kept beside the version and published with its manifest.
public struct RetrainReport: Sendable, Equatable, Codable {
    /// A set of hyper-parameters that was tried.
    public struct Candidate: Sendable, Equatable, Codable {
        /// What sets it apart.
        public var name: String
        /// Mean reciprocal rank of the choosing slice's pairs, by the cosine alone.
        public var chooseMRR: Double

        package init(name: String, chooseMRR: Double) {
            self.name = name
            self.chooseMRR = chooseMRR
        }
    }

    /// How a profile's list weights came out.
    public struct ListWeightsOutcome: Sendable, Equatable, Codable {
        /// `related` or `next`.
        public var profile: String
        /// Mean reciprocal rank of the next note on the later half, by the present weights.
        public var present: Double
        /// The same by the fitted ones.
        public var fitted: Double
        /// Whether the fitted ones are kept: the paired 95 % bootstrap of the gain lies above zero.
        public var isKept: Bool
    }

    /// The new version.
    public var version: String
    /// The serving version that it was trained from and judged against.
    public var parent: String
    /// `quick` or `deep`.
    public var mode: String
    /// Notes of the snapshot.
    public var notes: Int
    /// Pairs to learn from (before the gate's slice), to choose on, and unseen ones for the gate.
    public var pairs: [String: Int]
    /// The moments that part the slices, milliseconds since 1970; nil where pairs came from a file without times.
    public var slices: TimeSlices?
    /// What was tried.
    public var candidates: [Candidate]
    /// Which of them was taken.
    public var chosen: String
    /// How the list weights came out; empty where there were too few clicks.
    public var listWeights: [ListWeightsOutcome]
    /// Whether the serving version's labels may have been learned from the judged notes, so that its heads were fitted
    /// again, on the notes before the gate's slice, for the comparison.
    public var refittedServingHeads: Bool
    /// What the gate found.
    public var verdict: Verdict
    /// Wall time of the training and the judging, without reading.
    public var seconds: Double
    /// Where the snapshot ended, by topic and partition: what comes later is new to the next training.
    public var ends: [String: [Int64]]

    /// One object, keys in order.
    public var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Reads ``json``; nil where it is none.
    public init?(json: String) {
        guard let report = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else { return nil }
        self = report
    }

    package init(
        version: String, parent: String, mode: String, notes: Int, pairs: [String: Int], slices: TimeSlices?,
        candidates: [Candidate], chosen: String, listWeights: [ListWeightsOutcome], refittedServingHeads: Bool,
        verdict: Verdict, seconds: Double, ends: [String: [Int64]]
    ) {
        self.version = version
        self.parent = parent
        self.mode = mode
        self.notes = notes
        self.pairs = pairs
        self.slices = slices
        self.candidates = candidates
        self.chosen = chosen
        self.listWeights = listWeights
        self.refittedServingHeads = refittedServingHeads
        self.verdict = verdict
        self.seconds = seconds
        self.ends = ends
    }
}

extension RetrainReport {
    /// A small table for people.
    public var text: String {
        var lines = [
            "Model version \(version), trained from \(parent) (\(mode), \(chosen)) on \(pairs["refit"] ?? 0) pairs of "
                + "\(notes) notes in \(Self.decimal(seconds, 1)) s",
            "Gate: \(verdict.pairs) unseen pairs, \(verdict.notes) notes with unseen hashtags",
            "",
            Self.row("", "serving", "challenger", "change"),
        ]
        for figure in verdict.figures {
            lines.append(
                Self.row(
                    figure.name, Self.decimal(figure.serving, 4), Self.decimal(figure.challenger, 4),
                    Self.signed(figure.challenger - figure.serving)))
        }
        lines.append("")
        lines.append(
            "Gain of the pairs' reciprocal rank, 95 %: \(Self.signed(verdict.gain)) "
                + "[\(Self.signed(verdict.intervalLow)), \(Self.signed(verdict.intervalHigh))]")
        if refittedServingHeads {
            lines.append(
                "The serving version may know these notes' labels: its heads were fitted again without them to compare."
            )
        }
        for outcome in listWeights {
            lines.append(
                "Weights of \(outcome.profile): MRR of the next note \(Self.decimal(outcome.present, 4)), fitted "
                    + "\(Self.decimal(outcome.fitted, 4)): " + (outcome.isKept ? "taken over" : "left as they were"))
        }
        lines.append(
            verdict.isPromoted ? "Promoted." : "Not promoted: " + verdict.reasons.joined(separator: "; ") + ".")
        return lines.joined(separator: "\n")
    }

    private static func row(_ name: String, _ cells: String...) -> String {
        name.padding(toLength: 25, withPad: " ", startingAt: 0)
            + cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
    }

    private static func decimal(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }
    private static func signed(_ value: Double) -> String { String(format: "%+.4f", value) }
}
