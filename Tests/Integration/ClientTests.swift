import BrokerSupport
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Testing

extension IntegrationTests {
    /// The example clients of Ops/examples against a running service: in the end their tables are what is on the topic.
    @Suite("Clients", .serialized, .timeLimit(.minutes(5)))
    struct ClientTests {
        private static let needs: Comment = "needs Python packages that Ops/setup --tests installs"

        @Test(
            "Subscribers in Python and Swift keep the topic's table; one is killed in between",
            .enabled(if: PythonTools.path != nil, needs), arguments: TestBrokers.kafka)
        func subscribers(broker: TestBroker) throws {
            let run = try Run(broker, "clients")
            let table = run.folder.path + "/lists.db"
            let topic = run.deployment.topics.name(of: .noteRecommendations)
            let arguments = [
                Self.example("subscriber.py"), "--bootstrap-servers", broker.servers, "--topic", topic, "--table",
                table,
            ]
            let killed = try Binary.Running(arguments, [:], program: PythonTools.path)
            try run.publish()
            let hasBegun = try wait(.seconds(60)) { try killed.output().split(separator: "\n").count >= 5 }
            killed.send(SIGKILL)
            killed.waitUntilExit()
            #expect(hasBegun, "\((try? killed.errors()) ?? "")")
            let early = try applied(table)
            try run.deployment.waitUntilDrained()
            try run.editAndDelete()

            let resumed = try Binary.run(arguments + ["--once"], [:], program: PythonTools.path)
            #expect(resumed.exit == 0, "\(resumed)")
            let outcome = try Outcome(run.deployment)
            var records = 0
            try TopicReader(broker.settings).readToEnd(run.deployment.topics.places(of: .noteRecommendations)) { _ in
                records += 1
            }
            #expect(early > 0 && early < records)
            #expect(try applied(table) == records, "each record once, whatever was killed")
            var kept: [[UInt8]: RecommendationList] = [:]
            for row in try rows("select note, list from lists", of: table) {
                kept[Array(row[0].utf8)] = try RecommendationList(json: Array(row[1].utf8))
            }
            #expect(differences(kept, outcome.lists).isEmpty)
            #expect(kept.count == run.sample.notes.count - 1)

            let environment = [
                "NOTESTREAM_KAFKA_BOOTSTRAP_SERVERS": broker.servers,
                "NOTESTREAM_KAFKA_TOPIC_PREFIX": run.deployment.prefix,
            ]
            let swift = try Binary.run(["--once"], environment, program: Self.subscriber)
            #expect(swift.exit == 0, "\(swift)")
            #expect(differences(replayed(swift.output), outcome.items).isEmpty)
            #expect(swift.lines.contains("-\t" + run.deleted))
        }

        @Test(
            "A client of the stream keeps the table while the service restarts",
            .enabled(if: PythonTools.path != nil, needs), arguments: TestBrokers.kafka)
        func stream(broker: TestBroker) throws {
            let port = try ServedDeployment.freePort()
            let run = try Run(broker, "stream", settings: ["NOTESTREAM_HTTP_LISTEN": "127.0.0.1:\(port)"])
            try run.publish()
            try run.deployment.waitUntilDrained()
            let client = try Binary.Running(
                [Self.example("stream.py"), "--url", "http://127.0.0.1:\(port)"], [:], program: PythonTools.path)
            try expectTable(of: client, run.deployment)
            try run.deployment.stop()
            try run.deployment.start()
            try run.editAndDelete()
            try expectTable(of: client, run.deployment)
            #expect(try client.output().contains("-\t\(run.deleted)\n"))
            #expect(client.process.isRunning)
        }

        private func expectTable(of client: Binary.Running, _ deployment: Deployment) throws {
            let expected = try Outcome(deployment).items
            let agrees = try wait(.seconds(30)) { try differences(replayed(client.output()), expected).isEmpty }
            #expect(agrees, "\((try? client.errors().suffix(2_000)) ?? "")")
        }

        // MARK: - Tables of clients

        /// How many records the Python subscriber has put into its table.
        private func applied(_ table: String) throws -> Int {
            try rows("select coalesce(sum(records), 0) from offsets", of: table).first?.first.flatMap { Int($0) } ?? 0
        }

        private func rows(_ query: String, of table: String) throws -> [[String]] {
            let script = """
                import sqlite3, sys
                for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
                    print(*row, sep="\\t")
                """
            let finished = try Binary.run(["-c", script, table, query], program: PythonTools.path)
            guard finished.exit == 0 else { throw IntegrationError("\(finished)") }
            return finished.lines.map { $0.split(separator: "\t").map(String.init) }
        }

        /// The table that a client's lines tell of.
        private func replayed(_ output: String) -> [[UInt8]: [String]] {
            var table: [[UInt8]: [String]] = [:]
            for line in output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                let fields = line.split(separator: "\t").map(String.init)
                guard fields.count >= 2 else { continue }
                table[Array(fields[1].utf8)] = fields[0] == "+" ? Array(fields.dropFirst(2)) : nil
            }
            return table
        }

        private static func example(_ name: String) -> String {
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Ops/examples/\(name)")
                .standardizedFileURL.path
        }

        private static let subscriber = Binary.path.map {
            URL(filePath: $0).deletingLastPathComponent().appending(path: "Subscriber").path
        }
    }
}

extension Outcome {
    /// The notes in each list.
    fileprivate var items: [[UInt8]: [String]] { lists.mapValues { $0.items.map(\.note) } }
}

/// A running service with a log to publish.
private struct Run {
    let folder: TemporaryFolder
    let sample: SampleLog
    let deployment: Deployment

    init(_ broker: TestBroker, _ purpose: String, settings: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        sample = try SampleLog.simulated(into: folder, notes: 24, clicks: 240)
        deployment = try Deployment(broker, purpose, settings: settings)
        try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
        try deployment.start()
        try deployment.waitUntilReady()
    }

    func publish() throws {
        try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
    }

    /// The id of the note that `editAndDelete` deletes.
    var deleted: String { text(sample.notes[3].id) }

    func editAndDelete() throws {
        let producer = try Producer(deployment.broker.settings)
        let topic = deployment.topics.name(of: .notes)
        let edited = Note(id: text(sample.notes[5].id), title: "Sharpening a plane iron on a flat stone")
        try producer.produce(OutgoingRecord(topic: topic, key: sample.notes[5].id, value: edited.encode(as: .json)))
        try producer.produce(OutgoingRecord(topic: topic, key: sample.notes[3].id, value: nil))
        try producer.flush()
        try deployment.waitUntilDrained()
    }
}
