import BrokerSupport
import CoOccurrence
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Testing

extension IntegrationTests {
    /// What goes wrong around a service: it says so, does what still can be done, and goes on when it is over.
    @Suite("Faults", .serialized, .timeLimit(.minutes(10)))
    struct FaultTests {
        @Test(
            "The broker is away for a while: the service waits, and nothing is lost",
            .enabled(if: OwnKafka.isPossible, Comment(rawValue: OwnKafka.missing)))
        func brokerAway() throws {
            let kafka = try OwnKafka()
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 16, clicks: 120)
            let deployment = try Deployment(kafka.broker, "away")
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            try deployment.waitUntilReady()
            let parts = try sample.cut(at: [0.5], into: folder)
            try deployment.succeed("publish", "--notes", parts[0].notesPath, "--clicks", parts[0].clicksPath)
            try kafka.kill()
            Thread.sleep(forTimeInterval: 8)
            try deployment.requireRunning()
            try kafka.start()
            try deployment.succeed("publish", "--notes", parts[1].notesPath, "--clicks", parts[1].clicksPath)
            try deployment.waitUntilDrained()
            try deployment.succeed("publish", "--tick", sample.tick.text)
            try deployment.waitUntilDrained()
            let outcome = try Outcome(deployment)
            #expect(Set(outcome.lists.keys) == sample.ids)
            #expect(outcome.livePairs(at: sample.tick.time) == BatchFormula.pairs(of: sample.events, .standard))
            #expect(try deployment.stop().exit == 0)
        }

        @Test(
            "A note deleted while an instance was away for longer than half of delete.retention.ms",
            arguments: TestBrokers.kafka)
        func deletedWhileAway(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 12, clicks: 60)
            let deployment = try Deployment(broker, "deleted", tombstones: 6_000)
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            try deployment.waitUntilReady()
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try deployment.waitUntilDrained()
            try deployment.stop()
            let victim = try #require(sample.notes.last)
            let producer = try Producer(broker.settings)
            try producer.produce(
                OutgoingRecord(topic: deployment.topics.name(of: .notes), key: victim.id, value: nil))
            try producer.flush()
            // The broker may have dropped the tombstone by now; nothing but the stores' age tells that they may be out of date.
            Thread.sleep(forTimeInterval: 4)
            try deployment.start()
            try deployment.waitUntilDrained()
            let told = try deployment.lines("the store was unused for too long and is rebuilt").compactMap {
                $0["stage"]
            }
            #expect(Set(told) == Set(StageName.allCases.map(\.rawValue)))
            let outcome = try Outcome(deployment)
            #expect(Set(outcome.lists.keys) == sample.ids.subtracting([victim.id]))
            #expect(!outcome.lists.values.contains { $0.items.contains { $0.note == text(victim.id) } })
            #expect(try deployment.stop().exit == 0)
        }

        @Test(
            "A chosen model version that is not whole is not used: the present one goes on, and says so",
            arguments: TestBrokers.kafka)
        func brokenVersion(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 12, clicks: 60)
            let deployment = try Deployment(broker, "broken")
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            let second = try deployment.succeed(
                "models", "bootstrap", "--do-not-serve", "--first", "0.5", "--notes", sample.notesPath)
            let broken = try #require(second.lines.last?.split(separator: " ").dropFirst(2).first)
                .trimmingCharacters(in: .punctuationCharacters)
            try deployment.start()
            try deployment.waitUntilReady()
            let present = try #require(try deployment.models.read().serving)

            let topic = deployment.topics.name(of: .modelUpdates)
            let producer = try Producer(broker.settings)
            try producer.produce(OutgoingRecord(topic: topic, key: Array("\(broken)/00000".utf8), value: [1, 2, 3]))
            let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            let pointer = ServingVersion(version: broken, time: now, previous: present)
            try producer.produce(
                OutgoingRecord(topic: topic, key: Array("serving".utf8), value: try pointer.encode(as: .json)))
            try producer.flush()
            let isTold = try wait(.seconds(20)) {
                try !deployment.lines("the chosen model version cannot be used; the present one goes on").isEmpty
            }
            #expect(isTold)
            try deployment.succeed("publish", "--notes", sample.notesPath)
            try deployment.waitUntilDrained()
            let outcome = try Outcome(deployment)
            #expect(outcome.profiled(under: present) == sample.ids)
            #expect(Set(outcome.lists.values.map(\.version)) == [present])
            #expect(try deployment.command("models", "promote", broken).exit != 0)
            #expect(try deployment.stop().exit == 0)
        }

        @Test("A base model's file that is missing or cut short is named", arguments: TestBrokers.kafka)
        func brokenBase(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let whole = try #require(BaseModel.path)
            let short = folder.path + "/short.gguf"
            let handle = try FileHandle(forReadingFrom: URL(filePath: whole))
            try handle.read(upToCount: 40 << 20)?.write(to: URL(filePath: short))
            for path in [short, folder.path + "/absent.gguf"] {
                let deployment = try Deployment(broker, "base", settings: ["NOTESTREAM_MODEL_PATH": path])
                let ended = try deployment.command("run")
                #expect(ended.exit != 0)
                #expect(ended.errors.contains(path), "\(ended.errors)")
            }
        }
    }
}
