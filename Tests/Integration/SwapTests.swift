import BrokerSupport
import EventLog
import Foundation
import NoteLLM
import Pipeline
import Schemas
import Support
import Synchronization
import Testing

extension IntegrationTests {
    /// Another model version goes live while notes keep coming, and back; then a machine with nothing but Kafka and the
    /// base model takes over.
    @Suite("Hot swap", .serialized, .timeLimit(.minutes(10)))
    struct SwapTests {
        @Test("A swap, a rollback and an empty disk under a stream of notes", arguments: TestBrokers.all)
        func swap(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder)
            let deployment = try Deployment(broker, "swap")
            let models = deployment.models
            let first = try bootstrap(deployment, sample, share: "1", "--notes")
            try deployment.start()
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try deployment.waitUntilDrained()
            let second = try bootstrap(deployment, sample, share: "0.5", "--do-not-serve", "--notes")
            #expect(first != second)

            let stream = try NoteStream(deployment)
            stream.start()
            defer { stream.stop() }
            for (version, command) in [(second, ["models", "promote", second]), (first, ["models", "rollback"])] {
                try deployment.succeed(command)
                let isOver = try wait(.seconds(120)) {
                    try deployment.requireRunning()
                    return stream.lists.count > sample.ids.count
                        && stream.lists.values.allSatisfy { $0.version == version }
                }
                #expect(isOver, "lists are still of another version than \(version)")
            }
            stream.stop()
            try deployment.waitUntilDrained()
            try expectSound(deployment, stream, version: first, notes: sample.ids.count + stream.published)
            // On a broker that answers slowly a note takes seconds with or without a swap.
            if broker.kind == .kafka {
                #expect(stream.longestDelay < .seconds(2), "an event waited \(stream.longestDelay)")
            }

            // Another machine: the state directory is empty, the group's members are new.
            let instance = try Data(contentsOf: URL(filePath: deployment.statePath + "/instance"))
            try models.promote(second)
            _ = try wait(.seconds(120)) { try models.versionInForce(models.read()) == second }
            try deployment.stop()
            try FileManager.default.removeItem(atPath: deployment.statePath)
            if broker.kind == .embedded {
                // This broker never takes a member that is gone for gone: only its own name gets its partitions back.
                try FileManager.default.createDirectory(atPath: deployment.statePath, withIntermediateDirectories: true)
                try instance.write(to: URL(filePath: deployment.statePath + "/instance"))
            }
            try deployment.start()
            try deployment.waitUntilDrained()
            try expectSound(deployment, stream, version: second, notes: sample.ids.count + stream.published)
            #expect(try deployment.lines("model version").first?["version"] == second)
            #expect(try deployment.stop().exit == 0)
        }

        private func bootstrap(
            _ deployment: Deployment, _ sample: SampleLog, share: String, _ options: String...
        ) throws -> String {
            let arguments = ["models", "bootstrap", "--first", share] + options + [sample.notesPath]
            let made = try deployment.succeed(arguments)
            let words = try #require(made.lines.last).split(separator: " ")
            return words[2].trimmingCharacters(in: .punctuationCharacters)
        }

        /// Every list in force is of one version, and its cosines are those of that version's profiles.
        private func expectSound(
            _ deployment: Deployment, _ stream: NoteStream, version: String, notes: Int
        ) throws {
            let outcome = try Outcome(deployment)
            #expect(outcome.lists.count == notes)
            #expect(outcome.profiled(under: version).count == notes)
            var embeddings: [String: [Float]] = [:]
            for (key, value) in outcome.profiles {
                guard let key = try? ProfileKey(key), text(key.version) == version else { continue }
                embeddings[text(key.note)] = try NoteProfile(json: value).embedding
            }
            for (note, list) in outcome.lists {
                #expect(list.version == version)
                #expect(!list.items.isEmpty)
                let own = try #require(embeddings[text(note)])
                for item in list.items {
                    let other = try #require(embeddings[item.note], "\(item.note) has no profile under \(version)")
                    let cosine = zip(own, other).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                    #expect(abs(Double(cosine) - item.cosine) < 0.02, "\(text(note)) and \(item.note)")
                }
            }
        }
    }
}

/// Publishes a note every tenth of a second and watches the lists come out.
private final class NoteStream: Sendable {
    private struct State {
        var lists: [String: RecommendationList] = [:]
        var sent: [String: ContinuousClock.Instant] = [:]
        var delays: [String: Duration] = [:]
    }
    private let deployment: (settings: ClientSettings, topics: Topics)
    private let state = Mutex(State())
    private let stopSignal = StopSignal()
    private let done = DispatchGroup()

    init(_ deployment: Deployment) throws {
        self.deployment = (deployment.broker.settings, deployment.topics)
    }

    /// The lists in force.
    var lists: [String: RecommendationList] { state.withLock { $0.lists } }
    /// Notes published.
    var published: Int { state.withLock { $0.sent.count } }
    /// From a note's publication to its first list; a note without one has waited until now.
    var longestDelay: Duration {
        state.withLock { state in
            state.sent.map { state.delays[$0.key] ?? (.now - $0.value) }.max() ?? .zero
        }
    }

    func start() {
        for work in [publish, watch] {
            done.enter()
            Thread { [done] in
                defer { done.leave() }
                do { try work() } catch { Issue.record("the stream of notes broke off: \(error)") }
            }.start()
        }
    }

    func stop() {
        stopSignal.set()
        done.wait()
    }

    private func publish() throws {
        let producer = try Producer(deployment.settings)
        var number = 0
        while !stopSignal.isSet {
            let id = "stream-\(number)"
            let note = Note(
                id: id, title: "Note \(number) on the way", content: "tea and bread, number \(number % 7)",
                time: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
            state.withLock { $0.sent[id] = .now }
            try producer.produce(
                OutgoingRecord(
                    topic: deployment.topics.name(of: .notes), key: Array(id.utf8), value: try note.encode(as: .json)))
            try producer.flush()
            number += 1
            stopSignal.wait(.milliseconds(200))
        }
    }

    private func watch() throws {
        let consumer = try Consumer(deployment.settings)
        defer { try? consumer.close() }
        let places = deployment.topics.places(of: .noteRecommendations)
        try consumer.assign(Dictionary(uniqueKeysWithValues: places.map { ($0, .beginning) }))
        // A while longer than notes are published, for the last ones' lists.
        var left = 25
        while left > 0 {
            if stopSignal.isSet { left -= 1 }
            for record in try consumer.poll(maximum: 1_000, timeout: .milliseconds(100)) {
                let key = String(decoding: record.key ?? [], as: UTF8.self)
                let list = try record.value == nil ? nil : RecommendationList.decode(record)
                state.withLock {
                    $0.lists[key] = list
                    if let sent = $0.sent[key], $0.delays[key] == nil { $0.delays[key] = .now - sent }
                }
            }
        }
    }
}
