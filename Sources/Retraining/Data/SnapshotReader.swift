import CoOccurrence
import Configuration
import EventLog
import Evaluation
import Pipeline
import Schemas

/// Takes snapshots of the topics.
public struct SnapshotReader: Sendable {
    private let client: ClientSettings
    private let topics: Topics

    /// Reads through a broker.
    public init(client: ClientSettings, topics: Topics) {
        self.client = client
        self.topics = topics
    }

    /// Reads notes and clicks from the start of what is retained to the present ends, committed records only. Records that
    /// the stages set aside as dead letters are left out here too.
    ///
    /// - Parameter ends: where to stop instead, so that an interrupted training finds what it had.
    public func read(until ends: [String: [Int64]]? = nil) throws -> Snapshot {
        var notes: [[UInt8]: LoggedNote] = [:]
        var clicks: [ClickEvent] = []
        var seen: [String: [Int64]] = [:]
        var starts: [String: [Int64]] = [:]
        /// How many clicks had been read when a user was forgotten.
        var forgotten: [[UInt8]: Int] = [:]
        var names: Set<[UInt8]> = []
        /// One copy of each id, however often it is clicked.
        func shared(_ id: [UInt8]) -> [UInt8] {
            let (inserted, member) = names.insert(id)
            return inserted ? id : member
        }
        for topic in [TopicName.notes, .clicks] {
            let name = topics.name(of: topic)
            let stops = ends?[topic.rawValue]
            var read = [Int64](repeating: 0, count: Int(topics.partitions(of: topic)))
            var first = [Int64?](repeating: nil, count: read.count)
            try TopicReader(client).readToEnd(topics.places(of: topic)) { record in
                let partition = Int(record.partition)
                guard record.topic == name, read.indices.contains(partition) else { return }
                if let stops, stops.indices.contains(partition), record.offset >= stops[partition] { return }
                read[partition] = record.offset + 1
                first[partition] = first[partition] ?? record.offset
                switch topic {
                case .notes:
                    switch try? IncomingNote.decode(record) {
                    case .upsert(let note): notes[note.id] = LoggedNote(note)
                    case .tombstone(let id): notes[id] = nil
                    case nil: break
                    }
                default:
                    guard let click = try? Self.click(record) else { return }
                    switch click {
                    case .click(let user, let note, let time):
                        clicks.append(.click(user: shared(user), note: shared(note), time: time))
                    case .tick: break
                    case .forget(let user): forgotten[user] = clicks.count
                    }
                }
            }
            seen[topic.rawValue] = stops ?? read
            starts[topic.rawValue] = zip(first, read).map { $0 ?? $1 }
        }
        // Nothing of a forgotten user is learned from, in no way.
        let kept = clicks.enumerated().filter { number, click in
            guard case .click(let user, _, _) = click else { return true }
            return number >= forgotten[user] ?? 0
        }
        return Snapshot(notes: Array(notes.values), clicks: kept.map(\.element), starts: starts, ends: seen)
    }

    /// The present ends, by topic and partition, as ``read(until:)`` would find them or a little beyond.
    public func ends() throws -> [String: [Int64]] {
        let admin = try Admin(client)
        var ends: [String: [Int64]] = [:]
        for topic in [TopicName.notes, .clicks] {
            let marks = try admin.watermarks(
                ofTopic: topics.name(of: topic), partitions: topics.partitions(of: topic))
            ends[topic.rawValue] = topics.places(of: topic).map { marks[$0]?.high ?? 0 }
        }
        return ends
    }

    private static func click(_ record: Record) throws(SchemaError) -> IncomingClick {
        try IncomingClick.decode(
            key: record.key, value: record.value, contentType: record.header(ContentType.headerName),
            recordTimestamp: record.timestamp ?? -1)
    }
}

extension LoggedNote {
    fileprivate init(_ note: ValidNote) {
        self.init(
            id: note.id, title: note.title, content: note.content, hashtags: note.hashtags, category: note.category,
            author: note.author, created: note.created)
    }
}
