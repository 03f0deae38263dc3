import Configuration
import EventLog

/// Reads the topic of dead letters.
public struct DeadLetterTopic: Sendable {
    let client: ClientSettings
    let topics: Topics

    /// Called with how many records were read, and of about how many.
    public typealias Progress = (_ done: Int, _ total: Int) -> Void

    /// Through a broker, behind a prefix.
    public init(client: ClientSettings, topics: Topics) {
        self.client = client
        self.topics = topics
    }

    var name: String { topics.name(of: .deadLetters) }
    var places: [TopicPartition] { topics.places(of: .deadLetters) }

    /// The letters that are meant, as the topic stands now.
    /// - Parameter bytes: of each value, how many are kept.
    public func letters(
        _ selection: LetterSelection, keeping bytes: Int, progress: Progress = { _, _ in }
    ) throws -> LetterTable {
        let ends = try Admin(client).watermarks(ofTopic: name, partitions: topics.partitions(of: .deadLetters))
        let total = Int(ends.values.reduce(0) { $0 + max(0, $1.high - $1.low) })
        var table = LetterTable(selection, keeping: bytes)
        var done = 0
        try TopicReader(client).readToEnd(places) { record in
            table.note(record)
            done += 1
            progress(done, total)
        }
        table.finish()
        return table
    }
}
