import EventLog
import Schemas

/// A dead letter as it lies on its topic, with the beginning of its value in the value's stead.
public struct Letter: Sendable {
    /// Where it lies on the topic of dead letters.
    public var position: LetterPosition
    /// When it was set aside, in milliseconds since 1970.
    public var setAside: Int64
    /// Why, by whom, and where the record was read.
    public var reason: DeadLetter
    /// The original's key.
    public var key: [UInt8]?
    /// The first bytes of the original's value; nil where it had none, or where the letter could not hold it.
    public var valueStart: [UInt8]?
    /// How many bytes the original's value has; nil where it had none.
    public var valueBytes: Int?
    /// The value did not fit into the letter, and lies in the source topic alone.
    public var isValueLeftOut: Bool
    /// The original's own headers.
    public var headers: [Header]
    /// It was sent to its topic again.
    public var isRetried = false

    /// Reads a record of the topic of dead letters; nil where it is no letter.
    /// - Parameter bytes: of the value, how many are kept.
    public init?(_ record: Record, keeping bytes: Int) {
        guard let reason = DeadLetter(record) else { return nil }
        position = LetterPosition(partition: record.partition, offset: record.offset)
        setAside = record.timestamp ?? 0
        self.reason = reason
        key = record.key
        let leftOut = record.header(DeadLetter.leftOutHeader)
        isValueLeftOut = leftOut != nil
        valueStart = record.value.map { Array($0.beginning(bytes)) }
        valueBytes = record.value?.count ?? leftOut.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        headers = Self.own(record.headers)
    }

    /// Which record this is the letter of.
    public var origin: LetterOrigin {
        LetterOrigin(topic: reason.topic, partition: reason.partition, offset: reason.offset, time: reason.time)
    }

    /// The headers that were the original's.
    static func own(_ headers: [Header]) -> [Header] {
        headers.filter { !$0.name.hasPrefix(DeadLetter.headerPrefix) }
    }

    /// Older ones first.
    static func isOlder(_ a: Letter, _ b: Letter) -> Bool {
        (a.setAside, a.position) < (b.setAside, b.position)
    }
}

extension [UInt8] {
    /// At most so many bytes from the front; of a text, whole scalars.
    func beginning(_ limit: Int) -> ArraySlice<UInt8> {
        guard count > limit else { return self[...] }
        var end = limit
        while end > Swift.max(0, limit - 4), self[end] & 0xC0 == 0x80 { end -= 1 }
        return self[end] & 0xC0 == 0x80 ? self[..<limit] : self[..<end]
    }
}

/// A place on the topic of dead letters, written `P@O`.
public struct LetterPosition: Hashable, Comparable, Sendable, LosslessStringConvertible {
    /// The partition.
    public var partition: Int32
    /// The offset in it.
    public var offset: Int64

    /// Names a place.
    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    /// Reads `2@17`; nil for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]), partition >= 0,
            offset >= 0
        else { return nil }
        self.init(partition: partition, offset: offset)
    }

    /// `2@17`
    public var description: String { "\(partition)@\(offset)" }

    /// By partition, then by offset.
    public static func < (a: LetterPosition, b: LetterPosition) -> Bool {
        (a.partition, a.offset) < (b.partition, b.offset)
    }
}

/// The record that a letter is of. The time tells a topic from a later one of the same name, whose offsets begin anew.
///
/// One record may have several letters: every instance of a stage reads the global topics whole, and again after its
/// store is lost.
public struct LetterOrigin: Hashable, Sendable {
    /// The topic's name on the broker.
    public var topic: String
    /// The partition in it.
    public var partition: Int32
    /// The offset in the partition.
    public var offset: Int64
    /// The record's timestamp.
    public var time: Timestamp?

    /// By topic, by partition, by offset.
    func precedes(_ other: LetterOrigin) -> Bool {
        (topic, partition, offset) < (other.topic, other.partition, other.offset)
    }

    /// Names a record.
    public init(topic: String, partition: Int32, offset: Int64, time: Timestamp?) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.time = time
    }
}
