import Evaluation
import Foundation
import Support
import Testing

@Suite("Log files")
struct LogFilesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ text: String) throws -> String {
        let path = folder.path + "/" + UUID().uuidString
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test("What is written is read back, odd characters included")
    func roundTrip() throws {
        let notes = [
            LoggedNote(
                id: Array("a".utf8), title: "\"Quotes\"\\ and\ttabs", content: "line\nbreak \u{1} é e\u{301} 🍺",
                hashtags: ["hops", "x y"], category: "beer", author: "me", created: 1_390_335_965_383),
            LoggedNote(id: Array("b".utf8), title: "", content: "", created: -1),
        ]
        let clicks = [
            LoggedClick(time: 1_390_335_965_383, user: Array("u".utf8), note: Array("a".utf8), kind: "answer"),
            LoggedClick(time: 0, user: Array("ü".utf8), note: Array("zz".utf8)),
        ]
        try LogFiles.write(notes, to: folder.path + "/deep/notes.jsonl")
        try LogFiles.write(clicks, to: folder.path + "/deep/clicks.tsv")
        #expect(try LogFiles.notes(at: folder.path + "/deep/notes.jsonl") == notes)
        #expect(try LogFiles.clicks(at: folder.path + "/deep/clicks.tsv") == clicks)
    }

    @Test("Times without a zone are UTC; extra fields and columns are skipped; line ends may be Windows'")
    func lenient() throws {
        let notes = try LogFiles.notes(
            at: try file("{\"id\":\"n\",\"created_at\":\"2014-01-21T20:26:05.383\",\"score\":3,\"title\":\"t\"}\r\n\n"))
        #expect(notes.map(\.created) == [1_390_335_965_383])
        #expect(notes.first?.content == "")
        let clicks = try LogFiles.clicks(
            at: try file("note\textra\ttimestamp\tuser\r\nn\tx\t2014-01-21T21:26:05.383+01:00\tu\r\n"))
        #expect(clicks == [LoggedClick(time: 1_390_335_965_383, user: Array("u".utf8), note: Array("n".utf8))])
    }

    @Test(
        "A bad line is named by file and number",
        arguments: [
            ("{\"id\":\"a\",\"created_at\":\"2014-01-21T00:00:00\"}\nnonsense\n", 2, "JSON"),
            ("{\"title\":\"no id\",\"created_at\":\"2014-01-21T00:00:00\"}\n", 1, "id"),
            ("{\"id\":\"\",\"created_at\":\"2014-01-21T00:00:00\"}\n", 1, "empty"),
            ("{\"id\":\"a\",\"created_at\":\"yesterday\"}\n", 1, "yesterday"),
            ("{\"id\":7,\"created_at\":\"2014-01-21T00:00:00\"}\n", 1, "id"),
        ])
    func badNotes(text: String, line: Int, word: String) throws {
        let path = try file(text)
        let error = try #require(throws: LogFileError.self) { try LogFiles.notes(at: path) }
        #expect(error.line == line)
        #expect(error.description.contains(word) && error.description.contains(path))
    }

    @Test(
        "So is a bad click",
        arguments: [
            ("time\tuser\tnote\n", 1, "header"),
            ("timestamp\tuser\tnote\n2014-01-21T00:00:00\tu\n", 2, "2 fields"),
            ("timestamp\tuser\tnote\n2014-02-30T00:00:00\tu\tn\n", 2, "2014-02-30"),
        ])
    func badClicks(text: String, line: Int, word: String) throws {
        let path = try file(text)
        let error = try #require(throws: LogFileError.self) { try LogFiles.clicks(at: path) }
        #expect(error.line == line)
        #expect(error.description.contains(word))
        #expect(throws: LogFileError.self) { try LogFiles.clicks(at: path + "-missing") }
    }
}
