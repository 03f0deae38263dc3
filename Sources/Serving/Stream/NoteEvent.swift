import EventLog
import Pipeline
import Schemas

/// A record of note-recommendations as an event of the stream, written once for all who read it.
package struct NoteEvent: Sendable {
    package var note: String
    package var partition: Int32
    package var offset: Int64
    /// `event:` and `data:`; the `id:` is put before, since readers who were elsewhere have others.
    package var body: [UInt8]

    package init(note: String, partition: Int32, offset: Int64, body: [UInt8]) {
        self.note = note
        self.partition = partition
        self.offset = offset
        self.body = body
    }

    /// Reads a record.
    ///
    /// - Throws: `SchemaError` where it is no list.
    package init(_ record: Record) throws(SchemaError) {
        guard let key = record.key, let note = String(validating: key, as: UTF8.self) else {
            throw SchemaError(.invalidKey, field: "key", detail: "the key is to be a note's id")
        }
        self.init(note: note, partition: record.partition, offset: record.offset, body: [])
        var data = "{\"note\":" + JSONText.quoted(note)
        if let time = record.timestamp { data += ",\"sent\":\"\(Timestamp(milliseconds: time))\"" }
        guard let value = record.value else {
            body = Array("event: deleted\ndata: \(data)}\n\n".utf8)
            return
        }
        let type = try ContentType(header: record.header(ContentType.headerName))
        let list = try RecommendationList.decode(value, contentType: type)
        for (name, header) in [("posted", Origin.postedHeader), ("profiled", Origin.profiledHeader)] {
            guard let time = Origin.milliseconds(record, header) else { continue }
            data += ",\"\(name)\":\"\(Timestamp(milliseconds: time))\""
        }
        // Written without white space, so on one line, as `data:` needs it.
        body = Array("event: list\ndata: \(data),\"list\":".utf8)
        body += try list.encode(as: .json)
        body += Array("}\n\n".utf8)
    }

    /// The event with its `id:`, which is the position behind it.
    package func bytes(id: StreamPosition) -> [UInt8] { Array("id: \(id.text)\n".utf8) + body }
}
