import Evaluation
import Foundation
import Schemas

/// Pairs that people made, such as links: tab-separated lines `note`, `related` and, where known, `weight` and `time`,
/// under a header that names the columns.
public struct PairFile: Sendable {
    /// One line.
    public struct Line: Sendable, Equatable {
        /// The note that is looked at.
        public let note: [UInt8]
        /// The note that belongs with it.
        public let related: [UInt8]
        /// How strongly; 1 where the file says nothing.
        public let weight: Double
        /// When the pair was made, milliseconds since 1970; nil where the file says nothing.
        public let time: Int64?
    }

    /// The file.
    public let path: String
    /// Its lines.
    public let pairs: [Line]

    /// Reads a file.
    public init(path: String) throws(LogFileError) {
        let text: String
        do {
            text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        } catch {
            throw LogFileError(path: path, line: 0, message: "cannot be read: \(error.localizedDescription)")
        }
        self.path = path
        var pairs: [Line] = []
        var columns: [String: Int] = [:]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.hasSuffix("\r") ? line.dropLast() : line
            let fields = trimmed.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if number == 0 {
                columns = Dictionary(fields.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
                guard columns["note"] != nil, columns["related"] != nil else {
                    throw LogFileError(
                        path: path, line: 1, message: "the header must name the tab-separated columns note and related")
                }
            } else if !trimmed.isEmpty {
                pairs.append(try Self.line(fields, columns, path: path, number: number + 1))
            }
        }
        self.pairs = pairs
    }

    private static func line(
        _ fields: [String], _ columns: [String: Int], path: String, number: Int
    ) throws(LogFileError) -> Line {
        func field(_ name: String) -> String? {
            guard let place = columns[name], fields.indices.contains(place), !fields[place].isEmpty else { return nil }
            return fields[place]
        }
        func refuse(_ message: String) -> LogFileError { LogFileError(path: path, line: number, message: message) }
        guard let note = field("note"), let related = field("related") else {
            throw refuse("note or related is missing")
        }
        var weight = 1.0
        if let text = field("weight") {
            guard let value = Double(text), value > 0, value.isFinite else {
                throw refuse("weight \"\(text)\" is not a number above 0")
            }
            weight = value
        }
        var time: Int64?
        if let text = field("time") {
            guard let moment = Timestamp(text) ?? Timestamp(text + "Z") else {
                throw refuse("time \"\(text)\" is not a time such as 2024-05-01T12:00:00.000")
            }
            time = moment.milliseconds
        }
        return Line(note: Array(note.utf8), related: Array(related.utf8), weight: weight, time: time)
    }
}
