import Foundation
import Schemas

extension LogFiles {
    /// Writes notes, one JSON object a line.
    public static func write(_ notes: [LoggedNote], to path: String) throws(LogFileError) {
        var text: [UInt8] = []
        for note in notes {
            let hashtags = note.hashtags.map(JSONText.quoted).joined(separator: ", ")
            let fields = [
                "\"id\": " + JSONText.quoted(String(decoding: note.id, as: UTF8.self)),
                "\"title\": " + JSONText.quoted(note.title),
                "\"content\": " + JSONText.quoted(note.content),
                "\"hashtags\": [" + hashtags + "]",
                "\"category\": " + JSONText.quoted(note.category),
                "\"created_at\": " + JSONText.quoted(stamp(note.created)),
                "\"author_id\": " + JSONText.quoted(note.author),
            ]
            text.append(contentsOf: "{\(fields.joined(separator: ", "))}\n".utf8)
        }
        try write(text, to: path)
    }

    /// Writes clicks, tab-separated under a header.
    public static func write(_ clicks: [LoggedClick], to path: String) throws(LogFileError) {
        var text = Array("timestamp\tuser\tnote\tkind\n".utf8)
        for click in clicks {
            text.append(contentsOf: stamp(click.time).utf8)
            text.append(0x09)
            text.append(contentsOf: click.user)
            text.append(0x09)
            text.append(contentsOf: click.note)
            text.append(contentsOf: "\t\(click.kind)\n".utf8)
        }
        try write(text, to: path)
    }

    /// RFC 3339 in UTC.
    private static func stamp(_ milliseconds: Int64) -> String { Timestamp(milliseconds: milliseconds).description }

    private static func write(_ bytes: [UInt8], to path: String) throws(LogFileError) {
        let url = URL(filePath: path)
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url, options: .atomic)
        } catch {
            throw LogFileError(path: path, line: 0, message: "cannot be written: \(error.localizedDescription)")
        }
    }
}
