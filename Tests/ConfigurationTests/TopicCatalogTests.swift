import Configuration
import Foundation
import Testing

@Suite struct TopicCatalogTests {
    static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Topics/topics.yaml")

    private func text() throws -> String { try String(contentsOf: Self.file, encoding: .utf8) }

    private func changed(_ old: String, _ new: String) throws -> String {
        let text = try text()
        try #require(text.contains(old))
        return text.replacing(old, with: new, maxReplacements: 1)
    }

    @Test func builtInCopyIsTheFile() throws {
        let builtIn = try TopicCatalog.load(environment: [:])
        #expect(try builtIn == TopicCatalog(yaml: text(), file: "topics.yaml"))
        #expect(try builtIn == TopicCatalog.load(file: Self.file.path, environment: [:]))
        #expect(try builtIn == TopicCatalog.load(environment: ["NOTESTREAM_TOPICS": Self.file.path]))
    }

    @Test func layout() throws {
        let catalog = try TopicCatalog.load(environment: [:])
        #expect(catalog.topics.map(\.name) == TopicName.allCases)
        #expect(catalog[.notes].brokerConfig == ["cleanup.policy": "compact", "delete.retention.ms": "604800000"])
        #expect(catalog[.clicks].brokerConfig == ["cleanup.policy": "delete", "retention.ms": "7776000000"])
        #expect(catalog[.cooccurrence].retentionMilliseconds == 1_296_000_000)
        #expect(catalog[.cooccurrence].partitions == catalog[.noteRecommendations].partitions)
        #expect(catalog[.trending].partitions == 1)
        #expect(catalog[.modelUpdates].brokerConfig["max.message.bytes"] == "1048576")
    }

    /// Co-occurrence and activity rebuild a store from the last two windows.
    @Test func deltasAreKeptForTwoWindows() throws {
        let catalog = try TopicCatalog.load(environment: [:])
        let window = Int64(try Settings.load(environment: [:]).window.days) * 86_400_000
        for name in [TopicName.cooccurrence, .activity, .clicks] {
            #expect(try #require(catalog[name].retentionMilliseconds) > 2 * window)
        }
    }

    @Test func foreverIsMinusOne() throws {
        let catalog = try TopicCatalog(yaml: changed("retention: 90d", "retention: forever"), file: "t")
        #expect(catalog[.clicks].brokerConfig["retention.ms"] == "-1")
    }

    @Test(arguments: [
        ("retention: 90d", "retention: 90", "'90' is not a length of time"),
        ("retention: 90d", "retention: 99999999999999d", "is not a length of time"),
        ("retention: 90d", "retenshun: 90d", "unknown key 'retenshun'"),
        ("retention: 90d", "tombstones: 90d", "`retention` belongs to `cleanup: delete`"),
        ("    retention: 90d\n", "", "`retention` belongs to `cleanup: delete`"),
        ("tombstones: 7d", "tombstones: forever", "not forever"),
        ("cleanup: compact", "cleanup: both", "one of compact, delete, is needed; found 'both'"),
        ("  clicks:", "  clocks:", "topic 'clicks' is missing"),
        ("replication: 1", "replication: 0", "use 1 to 100"),
        ("    partitions: 4\n", "", "key 'partitions' is missing"),
        ("partitions: 1", "partitions: 2", "keep their order only in one"),
        ("max.message.bytes: 1048576", "cleanup.policy: delete", "take it out"),
        ("  trending:", "  trends: {partitions: 1, cleanup: compact}\n  trending:", "unknown key 'trends'"),
    ])
    func refuses(_ old: String, _ new: String, _ message: String) throws {
        #expect {
            try TopicCatalog(yaml: try changed(old, new), file: "topics.yaml")
        } throws: { error in
            "\(error)".contains(message) && "\(error)".hasPrefix("topics.yaml:")
        }
    }

    @Test func pairsAndListsShareAPartitionCount() throws {
        let lists = "note-recommendations:\n    partitions: "
        #expect {
            try TopicCatalog(yaml: try changed(lists + "4", lists + "8"), file: "topics.yaml")
        } throws: { "\($0)".contains("make them equal") }
    }
}
