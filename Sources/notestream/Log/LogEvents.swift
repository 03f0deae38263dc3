import EventLog
import Evaluation
import Pipeline
import Schemas

/// One line of a log of the past, as a record for its topic.
enum LogEvent {
    case note(LoggedNote)
    case click(LoggedClick)

    /// Event time, milliseconds.
    var time: Int64 {
        switch self {
        case .note(let note): note.created
        case .click(let click): click.time
        }
    }

    /// The record to publish; its own timestamp is the present, since brokers delete by it.
    func record(_ topics: Topics) throws -> OutgoingRecord {
        switch self {
        case .note(let note):
            let event = Note(
                id: String(decoding: note.id, as: UTF8.self), title: note.title, content: note.content,
                hashtags: note.hashtags, category: note.category, author: note.author,
                created: Timestamp(milliseconds: note.created), time: Timestamp(milliseconds: note.created))
            return OutgoingRecord(topic: topics.name(of: .notes), key: note.id, value: try event.encode(as: .json))
        case .click(let click):
            let event = Click(
                user: String(decoding: click.user, as: UTF8.self), note: String(decoding: click.note, as: UTF8.self),
                time: Timestamp(milliseconds: click.time), kind: click.kind)
            return OutgoingRecord(topic: topics.name(of: .clicks), key: click.user, value: try event.encode(as: .json))
        }
    }
}

/// Notes and clicks of the past, in the order of their times.
struct LogEvents {
    let events: [LogEvent]
    let notes: Int
    let clicks: Int

    /// Reads either file, or both. Of equal times notes come first, clicks in the order of their file.
    init(notes notesPath: String?, clicks clicksPath: String?) throws {
        let notes = try notesPath.map { try LogFiles.notes(at: $0) } ?? []
        let clicks = try clicksPath.map { try LogFiles.clicks(at: $0) } ?? []
        self.notes = notes.count
        self.clicks = clicks.count
        let all = notes.map(LogEvent.note) + clicks.map(LogEvent.click)
        events = all.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
    }
}
