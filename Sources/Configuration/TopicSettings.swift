/// How a topic is laid out on the broker.
public struct TopicSettings: Equatable, Sendable {
    /// What the broker does with old records.
    public enum Cleanup: String, Decodable, CaseIterable, Sendable {
        /// Keeps the last record of each key, whatever its age.
        case compact
        /// Deletes records by age.
        case delete
    }

    /// The topic.
    public let name: TopicName
    /// How many partitions.
    public let partitions: Int32
    /// What happens to old records.
    public let cleanup: Cleanup
    /// With `delete`: how long records are kept, in milliseconds; nil for ever.
    public let retentionMilliseconds: Int64?
    /// With `compact`: how long a tombstone stays readable, in milliseconds.
    public let tombstoneMilliseconds: Int64?
    /// Further broker settings.
    public let config: [String: String]

    /// All of it as Apache Kafka's topic configuration.
    public var brokerConfig: [String: String] {
        var all = config
        all["cleanup.policy"] = cleanup.rawValue
        switch cleanup {
        case .compact: all["delete.retention.ms"] = tombstoneMilliseconds.map(String.init)
        case .delete: all["retention.ms"] = "\(retentionMilliseconds ?? -1)"
        }
        return all
    }
}

/// A topic as topics.yaml has it.
struct TopicEntry: Decodable {
    var partitions: Int32
    var cleanup: TopicSettings.Cleanup
    var retention: Retention?
    var tombstones: Retention?
    var config: [String: String]?
}

/// A length of time: `15d`, `90s`, `forever`.
struct Retention: Decodable, Equatable {
    /// nil for ever.
    let milliseconds: Int64?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let parsed = Retention(text) else {
            let message =
                "'\(text)' is not a length of time; write a number and ms, s, m, h or d, as in 15d, or forever"
            throw (decoder as? NodeDecoder)?.failure(message)
                ?? DecodingError.dataCorruptedError(in: container, debugDescription: message)
        }
        self = parsed
    }

    init?(_ text: String) {
        if text == "forever" {
            milliseconds = nil
            return
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [Substring: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let count = Int64(digits), count > 0, let unit = units[text.dropFirst(digits.count)] else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        milliseconds = product
    }
}
