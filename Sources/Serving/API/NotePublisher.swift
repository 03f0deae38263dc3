import EventLog
import Foundation
import Pipeline
import Schemas
import Synchronization

/// Publishes notes that come over HTTP, as any producer would: to the topic, from which they take the way of all notes.
package final class NotePublisher: Sendable {
    /// What became of a note.
    package struct Receipt: Encodable {
        var note: String
        var partition: Int32
        var offset: Int64
        var posted: String
    }

    private struct Sender {
        var producer: Producer?
        /// When a broker last did not answer in time, and what was said of it.
        var silence: (noted: ContinuousClock.Instant, problem: RequestProblem)?
    }

    private let client: ClientSettings
    private let topic: String
    private let patience: Duration
    private let sender = Mutex(Sender())

    /// - Parameter patience: how long a note waits for the broker.
    package init(client: ClientSettings, topics: Topics, patience: Duration = .seconds(10)) {
        self.client = client
        self.patience = patience
        topic = topics.name(of: .notes)
    }

    /// Checks a note as the topic's readers will, and sends it; one without an id gets one.
    package func publish(_ body: [UInt8]) throws -> Receipt {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let note: Note
        do throws(SchemaError) {
            var given = try Note.decode(body, contentType: .json)
            if given.id.isEmpty { given.id = "note-" + UUID().uuidString.lowercased() }
            _ = try ValidNote(given, key: nil, recordTimestamp: now)
            note = given
        } catch {
            throw RequestProblem(400, "No note", "\(error)")
        }
        let record = OutgoingRecord(
            topic: topic, key: Array(note.id.utf8), value: try note.encode(as: .json), timestamp: now)
        let place = try deliver(record)
        return Receipt(
            note: note.id, partition: place.partition, offset: place.offset,
            posted: "\(Timestamp(milliseconds: now))")
    }

    /// One at a time. Those who stood here while the broker let one wait in vain do not all try in turn.
    private func deliver(_ record: OutgoingRecord) throws -> (partition: Int32, offset: Int64) {
        let came = ContinuousClock.now
        return try sender.withLock { sender in
            if let silence = sender.silence, silence.noted > came { throw silence.problem }
            let open = try sender.producer ?? Producer(client)
            sender.producer = open
            do throws(EventLogError) {
                return try open.deliver(record, timeout: patience)
            } catch {
                sender.producer = nil  // the next one begins anew
                let problem = RequestProblem(503, "Not published", "The broker did not take the note: \(error)")
                if error.isTimeout { sender.silence = (.now, problem) }
                throw problem
            }
        }
    }
}
