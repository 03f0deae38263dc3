import EventLog
import Foundation
import Pipeline
import Schemas
import Synchronization

/// Publishes notes that come over HTTP, as any producer would: to the topic, from which they take the way of all notes.
package final class NotePublisher: Sendable {
    /// What became of a note.
    struct Receipt: Encodable {
        var note: String
        var partition: Int32
        var offset: Int64
        var posted: String
    }

    private let client: ClientSettings
    private let topic: String
    private let producer = Mutex<Producer?>(nil)

    package init(client: ClientSettings, topics: Topics) {
        self.client = client
        topic = topics.name(of: .notes)
    }

    /// Checks a note as the topic's readers will, and sends it; one without an id gets one.
    func publish(_ body: [UInt8]) throws -> Receipt {
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
        let place = try producer.withLock { producer in
            let open = try producer ?? Producer(client)
            producer = open
            do {
                return try open.deliver(record)
            } catch {
                producer = nil  // the next one begins anew
                throw RequestProblem(503, "Not published", "The broker did not take the note: \(error)")
            }
        }
        return Receipt(
            note: note.id, partition: place.partition, offset: place.offset,
            posted: "\(Timestamp(milliseconds: now))")
    }
}
