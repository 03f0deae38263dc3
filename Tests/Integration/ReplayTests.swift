import BrokerSupport
import CoOccurrence
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Testing

extension IntegrationTests {
    /// State is a function of the log: replayed, cut short by retention, or with a user forgotten.
    @Suite("Replay", .serialized, .timeLimit(.minutes(10)))
    struct ReplayTests {
        @Test(
            "Two replays of a log, in other batches and into other partitions, end in the same state",
            arguments: TestBrokers.kafka)
        func replay(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 30, clicks: 500)
            let log = ChaosLog(sample, seed: 5)
            let live = try Deployment(broker, "live")
            try live.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try live.start()
            try live.waitUntilReady()
            try ChaosPublisher(log.events[...], to: live, over: .seconds(2)).wait()
            try live.succeed("publish", "--tick", log.tick.text)
            try live.waitUntilDrained()
            try live.stop()
            let state = try FinalState.digests(live.succeed("digest").lines)
            #expect(state.count == 24 && state.values.contains { !$0.hasSuffix("of 0") })

            let small = ["NOTESTREAM_PIPELINE_BATCH_RECORDS": "7", "NOTESTREAM_PIPELINE_TIMER_SLICE": "2"]
            let copies = [try Copy(of: live, "again"), try Copy(of: live, "small")]
            for (copy, settings) in zip(copies, [[:], small]) {
                let lines = try copy.replay(settings)
                #expect(try FinalState.digests(lines.dropLast()) == state, "replayed into \(copy.prefix)")
                #expect(lines.last?.contains("\"records\": \(log.events.count + 4)") == true, "\(lines.last ?? "")")
            }

            let wide = try Copy(of: live, "wide")
            let lines = try wide.replay(partitions: 6)
            #expect(lines.count == 37)
            let outcome = try Outcome(broker.settings, wide.topics(partitions: 6))
            #expect(outcome.livePairs(at: log.tick.time) == BatchFormula.pairs(of: log.clicks, .standard))
            #expect(outcome.liveClicks(at: log.tick.time) == BatchFormula.activity(of: log.clicks, .standard))
            #expect(Set(outcome.lists.keys) == log.living)

            let nothing = try Copy(of: live, "nothing")
            #expect(try nothing.replay(from: "2100-01-01T00:00:00Z").last?.contains("\"records\": 0") == true)

            let taken = try withExtendedLifetime(copies) { try live.command("replay", "--into", copies[0].prefix) }
            #expect(taken.exit != 0 && taken.errors.contains("holds records already"), "\(taken)")
        }

        @Test("With two windows retained, an empty disk comes back to the same state", arguments: TestBrokers.kafka)
        func rebuild(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 20, clicks: 900, days: 40)
            let deployment = try Deployment(broker, "rebuild")
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            try deployment.waitUntilReady()
            // What is old is processed before what is recent comes, as in life: else one clicks partition's old deltas
            // could stand behind another's recent ones.
            let start = sample.tick.time - 2 * 7 * 86_400_000
            for part in try sample.cut(at: [start], into: folder) {
                try deployment.succeed("publish", "--notes", part.notesPath, "--clicks", part.clicksPath)
                try deployment.waitUntilDrained()
            }
            try deployment.succeed("publish", "--tick", sample.tick.text)
            try deployment.waitUntilDrained()
            try deployment.stop()
            let state = try FinalState(deployment)

            let deleted = try truncate(deployment, before: start)
            #expect(deleted > 300, "only \(deleted) records are older than two windows")
            try FileManager.default.removeItem(atPath: deployment.statePath)
            try deployment.start()
            try deployment.waitUntilDrained()
            try deployment.stop()
            let rebuilt = try FinalState(deployment)
            #expect(rebuilt.digests == state.digests)
            #expect(rebuilt.lists.keys.sorted() == state.lists.keys.sorted())
        }

        @Test(
            "A user forgotten leaves the state of a log in which they only let time pass", arguments: TestBrokers.kafka)
        func forgotten(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 20, clicks: 600)
            let users = Set(sample.clicks.map(\.user)).sorted { $0.lexicographicallyPrecedes($1) }
            let gone = Set(users.prefix(8))
            let clicks = sample.clicks.enumerated().sorted {
                ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
            }
            .map(\.element)
            let notes = sample.notes.map { ChaosLog.Event.note($0, at: $0.created) }
            let withThem =
                clicks.map(ChaosLog.Event.click) + gone.sorted { $0.lexicographicallyPrecedes($1) }.map { .forget($0) }
            let without = clicks.map { click in
                gone.contains(click.user) ? ChaosLog.Event.tick(like: click.user, at: click.time) : .click(click)
            }
            var states: [[String: String]] = []
            var models: [Record] = []
            for events in [withThem, without] {
                let deployment = try Deployment(broker, "forget")
                if models.isEmpty {
                    try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
                    models = try deployment.modelRecords()
                } else {
                    try deployment.takeModels(models)
                }
                try deployment.start()
                try deployment.waitUntilReady()
                try ChaosPublisher((notes + events)[...], to: deployment, over: .zero).wait()
                try deployment.succeed("publish", "--tick", sample.tick.text)
                try deployment.waitUntilDrained()
                try deployment.stop()
                states.append(try FinalState.digests(deployment.succeed("digest").lines))
            }
            #expect(states[0] == states[1])
        }

        /// Deletes what is older than a time, as retention does: up to the first record that is not. Answers how many
        /// records that were.
        private func truncate(_ deployment: Deployment, before time: Int64) throws -> Int64 {
            var starts: [TopicPartition: Int64] = [:]
            var isRecent: Set<TopicPartition> = []
            func look(_ topic: TopicName, _ timeOf: (Record) throws -> Int64?) throws {
                try TopicReader(deployment.broker.settings).readToEnd(deployment.topics.places(of: topic)) { record in
                    let place = record.topicPartition
                    guard !isRecent.contains(place), let stamp = try timeOf(record) else { return }
                    if stamp < time { starts[place] = record.offset + 1 } else { isRecent.insert(place) }
                }
            }
            try look(.clicks) { try Click.decode($0).time?.milliseconds }
            try look(.cooccurrence) { try PairDelta.decode($0).time?.milliseconds }
            try look(.activity) { try ActivityDelta.decode($0).time?.milliseconds }
            try Admin(deployment.broker.settings).deleteRecords(before: starts)
            return starts.values.reduce(0, +)
        }
    }
}

/// The topics of a replay, deleted with it.
private final class Copy {
    let prefix: String
    private let original: Deployment

    init(of original: Deployment, _ name: String) throws {
        self.original = original
        prefix = original.prefix + name + "."
    }

    /// What the command says, line by line.
    func replay(
        _ settings: [String: String] = [:], partitions: Int32? = nil, from time: String? = nil
    ) throws -> [String] {
        var words = ["replay", "--into", prefix]
        if let time { words += ["--from", time] }
        if let partitions {
            let path = original.folder.path + "/layout.yaml"
            try Deployment.yaml(topics(partitions: partitions).catalog)
                .write(toFile: path, atomically: true, encoding: .utf8)
            words += ["--layout", path]
        }
        return try original.succeed(words, settings).lines
    }

    /// The topics, with another number of partitions where there are several.
    func topics(partitions: Int32) throws -> Topics {
        let yaml = Deployment.yaml(original.topics.catalog)
            .replacingOccurrences(of: "partitions: 4", with: "partitions: \(partitions)")
        return Topics(prefix: prefix, catalog: try TopicCatalog(yaml: yaml, file: "layout"))
    }

    deinit {
        let topics = Topics(prefix: prefix, catalog: original.topics.catalog)
        try? original.broker.deleteTopics(TopicName.allCases.map(topics.name(of:)))
    }
}
