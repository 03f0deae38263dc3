/// How a version was trained, in its manifest: enough to train it again from the same log.
public struct TrainingRecord: Codable, Sendable, Equatable {
    /// What was trained.
    public enum Mode: String, Codable, Sendable {
        /// The projection, on states that were read once.
        case quick
        /// The language model too, by an adapter.
        case deep
    }

    /// What was trained.
    public var mode: Mode
    /// How many pairs of notes it learned from.
    public var pairs: Int
    /// How many batches.
    public var steps: Int
    /// τ in the end.
    public var temperature: Double
    /// The settings, as JSON.
    public var settings: String
    /// Of the log that pairs came from: `topic/partition` → the first offset and the one after the last.
    public var dataRange: [String: [Int64]]

    /// A record.
    public init(
        mode: Mode, pairs: Int, steps: Int, temperature: Double, settings: String, dataRange: [String: [Int64]] = [:]
    ) {
        self.mode = mode
        self.pairs = pairs
        self.steps = steps
        self.temperature = temperature
        self.settings = settings
        self.dataRange = dataRange
    }
}
