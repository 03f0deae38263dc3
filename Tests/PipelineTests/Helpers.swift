import Configuration
import EventLog
import Foundation
import NoteLLM
import Pipeline
import Schemas
import StateStore
import Support
import Synchronization

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

/// Topics of a few partitions each behind a prefix.
func topics(prefix: String = "", partitions: Int32 = 2) throws -> Topics {
    let compacted: [TopicName] = [.notes, .noteProfiles, .noteRecommendations, .trending, .modelUpdates]
    let single: [TopicName] = [.trending, .modelUpdates]
    let entries = TopicName.allCases.map { name in
        let cleanup = compacted.contains(name) ? "cleanup: compact, tombstones: 1d" : "cleanup: delete, retention: 9d"
        return "  \(name.rawValue): { partitions: \(single.contains(name) ? 1 : partitions), \(cleanup) }"
    }
    let yaml = "replication: 1\ntopics:\n" + entries.joined(separator: "\n") + "\n"
    return Topics(prefix: prefix, catalog: try TopicCatalog(yaml: yaml, file: "made up"))
}

/// A small model version over made-up states; and the state that a text has, by its words.
struct SmallModel: NoteReading {
    static let width = 16
    let version: ModelVersion

    init(seed: UInt64 = 1) throws {
        var random = SeededGenerator(seed: seed)
        let texts = (0..<60).map { number in
            NoteText(title: "Note \(number)", content: Self.words(5, using: &random))
        }
        var settings = BootstrapSettings(baseModelSHA256: "base")
        settings.dimension = 8
        version = try Bootstrap.versionZero(texts, states: texts.map(Self.state), settings: settings)
    }

    static func words(_ count: Int, of vocabulary: Int = 40, using random: inout SeededGenerator) -> String {
        (0..<count).map { _ in "word\(Int.random(in: 0..<vocabulary, using: &random))" }.joined(separator: " ")
    }

    /// The sum of its words' random vectors, as half-precision values.
    static func state(of text: NoteText) -> [Float] {
        var sum = [Float](repeating: 0.01, count: width)
        for word in (text.title + " " + text.content).split(separator: " ") {
            let seed = word.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
            var random = SeededGenerator(seed: seed)
            for index in sum.indices { sum[index] += Float.random(in: -1...1, using: &random) }
        }
        return sum.map { Float(Float16($0)) }
    }

    func profiles(
        of notes: [(text: NoteText, pooled: [Float]?)]
    ) throws -> [(pooled: [Float], profile: ProfiledNote)] {
        notes.map { note in
            let pooled = note.pooled ?? Self.state(of: note.text)
            return (pooled, version.profile(pooled: pooled, text: note.text))
        }
    }
}

/// The model versions that count, changed by a test.
final class ChosenModels: Sendable {
    private let state: Mutex<ModelChoice>
    init(_ choice: ModelChoice) { state = Mutex(choice) }
    var choice: ModelChoice {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// 2024-01-01T00:00:00Z, in milliseconds.
let newYear: Int64 = 1_704_067_200_000
let hour: Int64 = 3_600_000
let day: Int64 = 24 * hour

extension OutgoingRecord {
    /// As a reader would see it.
    func read(at offset: Int64, partitions: Int32) -> Record {
        Record(
            topicPartition: TopicPartition(
                topic, partition ?? Partitioner.partition(for: key ?? [], count: partitions)),
            offset: offset, timestamp: newYear, key: key, value: value, headers: headers)
    }
}
