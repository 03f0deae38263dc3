import EventLog
import Schemas

/// The records by which retries remember, on the topic of dead letters itself: so a mark stays as long as its letter.
enum RetryMark {
    static let retriedHeader = DeadLetter.headerPrefix + "retried"
    static let begunHeader = DeadLetter.headerPrefix + "retry-begun"

    /// Says that a letter was sent again. It lies in the letter's own partition, behind it, so that the broker deletes the
    /// letter first.
    static func retried(_ letter: Letter, topic: String) -> OutgoingRecord {
        let kept = ["topic", "partition", "offset", "time"].map { DeadLetter.headerPrefix + $0 }
        let origin = letter.reason.headers.filter { kept.contains($0.name) }.map { Header($0.name, $0.value) }
        return OutgoingRecord(
            topic: topic, partition: letter.position.partition, key: nil, value: nil,
            headers: [Header(retriedHeader, letter.position.description)] + origin)
    }

    /// Which record was sent again; nil where the record says nothing of the kind.
    static func origin(of record: Record) -> LetterOrigin? {
        guard record.header(retriedHeader) != nil else { return nil }
        func field(_ name: String) -> String? {
            record.header(DeadLetter.headerPrefix + name).map { String(decoding: $0, as: UTF8.self) }
        }
        guard let topic = field("topic"), let partition = field("partition").flatMap({ Int32($0) }),
            let offset = field("offset").flatMap({ Int64($0) })
        else { return nil }
        return LetterOrigin(
            topic: topic, partition: partition, offset: offset, time: field("time").flatMap { Timestamp($0) })
    }

    /// Marks the start of a retry in a partition: who has read up to it has read every earlier mark.
    static func begun(_ partition: Int32, topic: String, id: String) -> OutgoingRecord {
        OutgoingRecord(
            topic: topic, partition: partition, key: nil, value: nil, headers: [Header(begunHeader, id)])
    }

    /// Whether a record marks the start of that retry.
    static func isBegun(_ record: Record, id: String) -> Bool { record.header(begunHeader) == Array(id.utf8) }
}
