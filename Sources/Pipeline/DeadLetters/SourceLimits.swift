import Configuration
import EventLog
import Schemas

/// A letter's record that no topic would take.
struct NotSendable: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What the source topics take. Asked before anything is sent: a record that the broker refuses costs its whole
/// transaction, and the producer with it.
struct SourceLimits {
    private let partitions: [String: Int32]
    private let bytes: [String: Int]

    init(_ topic: DeadLetterTopic) throws {
        let admin = try Admin(topic.client)
        let present = try admin.topics()
        let names = TopicName.allCases.filter { $0 != .deadLetters }.map(topic.topics.name(of:))
            .filter { present[$0] != nil }
        partitions = present.filter { names.contains($0.key) }.mapValues(\.partitions)
        bytes = try admin.configuration(of: names).compactMapValues { settings in
            settings["max.message.bytes"]?.value.flatMap { Int($0) }
        }
    }

    /// Bytes that every topic takes in one batch: the client must not put more records together. Its own default is a
    /// million.
    var smallestBatch: Int { max(1, bytes.values.reduce(1_000_000, min)) }

    /// Throws unless the origin is a partition of one of notestream's topics.
    func requirePlace(_ origin: LetterOrigin) throws(NotSendable) {
        guard let count = partitions[origin.topic], (0..<count).contains(origin.partition) else {
            throw NotSendable("there is no partition \(origin.partition) of a topic '\(origin.topic)' of notestream's")
        }
    }

    /// The record as its topic takes it: one that was just small enough goes without the count of retries.
    func fitting(_ record: OutgoingRecord) throws(NotSendable) -> OutgoingRecord {
        guard let limit = bytes[record.topic] else { return record }
        if record.batchBytes <= limit { return record }
        var bare = record
        bare.headers.removeAll { $0.name == DeadLetter.retriesHeader }
        let size = bare.batchBytes
        guard size <= limit else {
            throw NotSendable("it takes \(size) bytes; topic '\(record.topic)' takes \(limit) (max.message.bytes)")
        }
        return bare
    }
}

extension OutgoingRecord {
    /// What the record takes in Kafka's format, alone in its batch: the brokers' limit counts that.
    package var batchBytes: Int {
        func bytes(_ value: [UInt8]?) -> Int { Self.varint(value?.count ?? -1) + (value?.count ?? 0) }
        let headers = headers.reduce(Self.varint(headers.count)) { $0 + bytes(Array($1.name.utf8)) + bytes($1.value) }
        // Attributes, time and offset take a byte each, since both are counted from the batch's.
        let body = 3 + bytes(key) + bytes(value) + headers
        return 61 + Self.varint(body) + body
    }

    /// Bytes of a zigzag-coded number.
    private static func varint(_ number: Int) -> Int {
        let coded = UInt64(bitPattern: Int64(number &<< 1 ^ number &>> 63))
        return max(1, (70 - coded.leadingZeroBitCount) / 7)
    }
}
