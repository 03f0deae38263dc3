import Configuration
import EventLog
import Foundation
import Schemas

/// Sends dead letters' records to their topics again, each once whatever happens in between.
///
/// Each record goes out in one transaction with a mark on the topic of dead letters (``RetryMark``) that says so. A retry
/// that is killed has sent its last transaction whole or not at all, and another one goes on behind it. Two at a time
/// share a transactional id, so the later one ends the earlier; before it decides, it has every mark of the earlier one
/// before its eyes, since it reads up to a record of its own.
///
/// So a record is sent again exactly once, for readers of `read_committed`, for as long as the topic keeps its letter.
public struct DeadLetterRetry: Sendable {
    private let topic: DeadLetterTopic
    private let transactionalID: String

    /// Letters in one transaction, and the bytes of their values, at most.
    private static let batchLetters = 500
    private static let batchBytes = 8 << 20

    /// - Parameter groupPrefix: stands before the transactional id, as before those of the stages.
    public init(_ topic: DeadLetterTopic, groupPrefix: String) {
        self.topic = topic
        transactionalID = groupPrefix + "dead-letters-retry"
    }

    /// A letter that could not be sent again, and why. It is left as it was.
    public struct Refusal: Sendable {
        /// The letter.
        public let letter: Letter
        /// What stood in the way.
        public let why: String
    }

    /// What a retry did.
    public struct Outcome: Sendable {
        /// Records sent again.
        public var sent = 0
        /// Letters left as they were.
        public var refused: [Refusal] = []
    }

    /// Sends what is meant and waits: the oldest first, at most `limit`.
    /// - Parameter progress: called with how many of how many are behind.
    public func run(
        _ selection: LetterSelection, limit: Int? = nil, progress: DeadLetterTopic.Progress = { _, _ in }
    ) throws -> Outcome {
        let limits = try SourceLimits(topic)
        var client = topic.client
        client.properties["batch.size"] = String(limits.smallestBatch)
        let producer = try TransactionalProducer(
            client, transactionalID: transactionalID, transactionTimeout: .seconds(60))
        try producer.initTransactions()
        try awaitEarlierMarks(producer)
        let chosen = try topic.letters(selection, keeping: 0).waiting(limit: limit)
        var outcome = Outcome()
        try forEachBatch(of: chosen, limits, &outcome) { batch, outcome in
            try send(batch, producer)
            outcome.sent += batch.count
            progress(outcome.sent + outcome.refused.count, chosen.count)
        }
        return outcome
    }

    /// Writes a record of our own into each partition and reads up to it. Ends are of no use here: they stop short of
    /// stages' transactions that are open, and a mark may lie behind one of those.
    private func awaitEarlierMarks(_ producer: TransactionalProducer) throws {
        let id = UUID().uuidString
        let starts = try Admin(topic.client).watermarks(
            ofTopic: topic.name, partitions: topic.topics.partitions(of: .deadLetters))
        try producer.begin()
        for place in topic.places {
            try producer.produce(RetryMark.begun(place.partition, topic: topic.name, id: id))
        }
        try producer.commit()
        let reader = try Consumer(topic.client)
        defer { try? reader.close() }
        try reader.assign(starts.mapValues { .offset($0.high) })
        var missing = Set(topic.places)
        let deadline = ContinuousClock.now + .seconds(60)
        while !missing.isEmpty {
            guard ContinuousClock.now < deadline else { throw RetryError.blocked(missing.sorted()) }
            for record in try reader.poll(maximum: 10_000, timeout: .milliseconds(100))
            where RetryMark.isBegun(record, id: id) { missing.remove(record.topicPartition) }
        }
    }

    // MARK: - Reading the letters whole

    /// One letter with the record to send for it.
    private typealias Sending = (letter: Letter, record: OutgoingRecord)

    /// Reads the letters again, whole this time, and hands them on in batches; in each partition in their order.
    private func forEachBatch(
        of letters: [Letter], _ limits: SourceLimits, _ outcome: inout Outcome,
        _ body: ([Sending], inout Outcome) throws -> Void
    ) throws {
        guard !letters.isEmpty else { return }
        var starts: [TopicPartition: StartOffset] = [:]
        for (partition, own) in Dictionary(grouping: letters, by: \.position.partition) {
            starts[TopicPartition(topic.name, partition)] = .offset(own.map(\.position.offset).min() ?? 0)
        }
        let chosen = Dictionary(letters.map { ($0.position, $0) }) { first, _ in first }
        var batch: [Sending] = []
        var bytes = 0
        try TopicReader(topic.client).readToEnd(from: starts) { record in
            let position = LetterPosition(partition: record.partition, offset: record.offset)
            guard let letter = chosen[position] else { return }
            let sending: OutgoingRecord
            do {
                sending = try limits.fitting(self.sending(letter, record, limits))
            } catch {
                guard let error = error as? NotSendable else { throw error }
                outcome.refused.append(Refusal(letter: letter, why: error.description))
                return
            }
            batch.append((letter, sending))
            bytes += sending.value?.count ?? 0
            guard batch.count >= Self.batchLetters || bytes >= Self.batchBytes else { return }
            try body(batch, &outcome)
            batch = []
            bytes = 0
        }
        if !batch.isEmpty { try body(batch, &outcome) }
    }

    /// The original as it was, to the partition it lay in: that is where its key's other records lie, whoever chose it.
    /// It gets the present as its timestamp, as every record of ours: brokers delete by it.
    private func sending(_ letter: Letter, _ record: Record, _ limits: SourceLimits) throws -> OutgoingRecord {
        let origin = letter.origin
        try limits.requirePlace(origin)
        var value = record.value
        var headers = letter.headers
        if letter.isValueLeftOut {
            let original = try TopicReader(topic.client).record(
                at: TopicPartition(origin.topic, origin.partition), offset: origin.offset)
            guard let original, original.key == record.key,
                original.timestamp.map({ Timestamp(milliseconds: $0) }) == origin.time
            else { throw NotSendable("its value was too large for a dead letter, and its topic has it no more") }
            value = original.value
            headers = Letter.own(original.headers)
        }
        let (retries, overflow) = letter.reason.retries.addingReportingOverflow(1)
        headers.append(Header(DeadLetter.retriesHeader, "\(overflow ? .max : retries)"))
        return OutgoingRecord(
            topic: origin.topic, partition: origin.partition, key: record.key, value: value, headers: headers)
    }

    // MARK: - Sending

    private func send(_ batch: [Sending], _ producer: TransactionalProducer) throws {
        try producer.begin()
        // Letters lie by their keys, so that a key's are in order; in a batch the others are put in order too.
        for (letter, record) in batch.sorted(by: { $0.letter.origin.precedes($1.letter.origin) }) {
            try producer.produce(record)
            try producer.produce(RetryMark.retried(letter, topic: topic.name))
        }
        try producer.commit()
    }
}

/// A retry that cannot begin.
public enum RetryError: Error, CustomStringConvertible {
    /// What lies before these partitions' ends cannot be read.
    case blocked([TopicPartition])

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .blocked(let places):
            "transactions hold \(places.map(\.description).joined(separator: ", ")) back for a minute already; "
                + "nothing was sent, try again when the stages that write there have ended theirs"
        }
    }
}
