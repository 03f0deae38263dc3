import EventLog
import Schemas

/// Where in each partition a replay begins, or ends: before the first record that lies at or behind it.
public enum ReplayBound: Sendable, Equatable {
    /// The oldest record retained.
    case beginning
    /// The end as it is when the replay starts.
    case end
    /// An offset, the same in every partition.
    case offset(Int64)
    /// The first record whose own timestamp is at or after a time, in milliseconds since 1970 UTC.
    case time(Int64)

    /// Reads `beginning`, `end`, an offset, or a time such as `2024-05-01T12:00:00Z`; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "beginning": self = .beginning
        case "end": self = .end
        default:
            if let offset = Int64(text), offset >= 0 {
                self = .offset(offset)
            } else if let time = Timestamp(text) {
                self = .time(time.milliseconds)
            } else {
                return nil
            }
        }
    }

    /// The offset that the bound is at in each of some partitions, within what is retained.
    func offsets(in places: [TopicPartition], _ reader: Consumer) throws(EventLogError) -> [TopicPartition: Int64] {
        var found: [TopicPartition: Int64] = [:]
        var ofTime: [TopicPartition: Int64] = [:]
        if case .time(let time) = self {
            ofTime = try reader.offsets(atOrAfter: Dictionary(uniqueKeysWithValues: places.map { ($0, time) }))
        }
        for place in places {
            let log = try reader.watermarks(place)
            switch self {
            case .beginning: found[place] = log.low
            case .end: found[place] = log.high
            case .offset(let offset): found[place] = min(max(offset, log.low), log.high)
            case .time: found[place] = ofTime[place] ?? log.high
            }
        }
        return found
    }
}
