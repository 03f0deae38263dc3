import Foundation
import Schemas

/// Reads and writes logs of the past: notes as JSON lines and clicks as tab-separated lines.
///
/// - Notes: one object a line with `id`, `title`, `content` and `created_at`, and where known `hashtags` (an array),
///   `category` and `author_id`. Other fields are skipped.
/// - Clicks: a header that names the columns `timestamp`, `user`, `note` and, where known, `kind`; then one click a line,
///   in the order in which they arrived.
/// - Times are RFC 3339; without a zone they are UTC.
public enum LogFiles {
    /// The notes of a file, in its order.
    public static func notes(at path: String) throws(LogFileError) -> [LoggedNote] {
        var notes: [LoggedNote] = []
        let decoder = JSONDecoder()
        try forEachLine(at: path) { line, bytes throws(LogFileError) in
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
            let parsed: NoteLine
            do {
                parsed = try decoder.decode(NoteLine.self, from: Data(bytes))
            } catch {
                throw LogFileError(path: path, line: line, message: "not a note: \(Self.reason(error))")
            }
            guard !parsed.id.isEmpty else {
                throw LogFileError(path: path, line: line, message: "the note's id is empty")
            }
            guard let created = milliseconds(parsed.created) else {
                throw LogFileError(
                    path: path, line: line,
                    message: "created_at \"\(parsed.created)\" is not a time such as 2024-05-01T12:00:00.000")
            }
            notes.append(
                LoggedNote(
                    id: Array(parsed.id.utf8), title: parsed.title ?? "", content: parsed.content ?? "",
                    hashtags: parsed.hashtags ?? [], category: parsed.category ?? "", author: parsed.author ?? "",
                    created: created))
        }
        return notes
    }

    /// The clicks of a file, in its order.
    public static func clicks(at path: String) throws(LogFileError) -> [LoggedClick] {
        var clicks: [LoggedClick] = []
        var columns: ClickColumns?
        try forEachLine(at: path) { line, bytes throws(LogFileError) in
            let fields = bytes.split(separator: 0x09, omittingEmptySubsequences: false)
            guard let known = columns else {
                columns = try ClickColumns(header: fields, path: path)
                return
            }
            if bytes.isEmpty { return }
            guard fields.count > known.last else {
                throw LogFileError(
                    path: path, line: line, message: "\(fields.count) fields, but the header names \(known.last + 1)")
            }
            let stamp = String(decoding: fields[known.time], as: UTF8.self)
            guard let time = milliseconds(stamp) else {
                throw LogFileError(
                    path: path, line: line,
                    message: "timestamp \"\(stamp)\" is not a time such as 2024-05-01T12:00:00.000")
            }
            clicks.append(
                LoggedClick(
                    time: time, user: Array(fields[known.user]), note: Array(fields[known.note]),
                    kind: known.kind.map { String(decoding: fields[$0], as: UTF8.self) } ?? "click"))
        }
        return clicks
    }

    /// Milliseconds since 1970 of an RFC 3339 time; one without a zone is UTC. Nil when it is anything else.
    package static func milliseconds(_ text: String) -> Int64? {
        if let time = Timestamp(text) { return time.milliseconds }
        return Timestamp(text + "Z")?.milliseconds
    }

    private static func forEachLine(
        at path: String, _ body: (Int, ArraySlice<UInt8>) throws(LogFileError) -> Void
    ) throws(LogFileError) {
        let bytes: [UInt8]
        do {
            bytes = try Array(Data(contentsOf: URL(filePath: path), options: .mappedIfSafe))
        } catch {
            throw LogFileError(path: path, line: 0, message: "cannot be read: \(error.localizedDescription)")
        }
        var start = 0
        var line = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            line += 1
            let stop = end > start && bytes[end - 1] == 0x0D ? end - 1 : end
            try body(line, bytes[start..<stop])
            start = end + 1
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "the field \(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "the field \(context.codingPath.map(\.stringValue).joined(separator: ".")) has another type"
        default: "the line is not a JSON object"
        }
    }
}

/// A line of a notes file.
private struct NoteLine: Decodable {
    let id: String
    let title: String?
    let content: String?
    let hashtags: [String]?
    let category: String?
    let author: String?
    let created: String

    private enum CodingKeys: String, CodingKey {
        case id, title, content, hashtags, category
        case author = "author_id"
        case created = "created_at"
    }
}

/// Where the columns of a clicks file stand.
private struct ClickColumns {
    let time: Int
    let user: Int
    let note: Int
    let kind: Int?

    /// The last column that is read.
    var last: Int { max(time, user, note, kind ?? 0) }

    init(header: [ArraySlice<UInt8>], path: String) throws(LogFileError) {
        let names = header.map { String(decoding: $0, as: UTF8.self) }
        guard let time = names.firstIndex(of: "timestamp"), let user = names.firstIndex(of: "user"),
            let note = names.firstIndex(of: "note")
        else {
            throw LogFileError(
                path: path, line: 1, message: "the header must name the tab-separated columns timestamp, user, note")
        }
        (self.time, self.user, self.note, kind) = (time, user, note, names.firstIndex(of: "kind"))
    }
}
