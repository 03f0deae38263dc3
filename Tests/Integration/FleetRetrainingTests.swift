import BrokerSupport
import Configuration
import Foundation
import Support
import Testing

extension IntegrationTests {
    /// The retrainer beside the stages.
    @Suite("Retraining in a fleet", .serialized, .timeLimit(.minutes(10)))
    struct FleetRetrainingTests {
        @Test(
            "Of two instances one trains; when it is gone the other does, once there is something new",
            arguments: TestBrokers.kafka)
        func fleet(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let parts = try SampleLog.simulated(into: folder, clicks: 1_500).cut(at: [0.6], into: folder)
            let deployment = try Deployment(
                broker, "retraining",
                settings: [
                    "NOTESTREAM_RETRAIN_ENABLED": "true", "NOTESTREAM_RETRAIN_INTERVAL_MINUTES": "0",
                    "NOTESTREAM_RETRAIN_MINIMUM_CLICKS": "300", "NOTESTREAM_RETRAIN_STEPS": "40",
                ])
            try deployment.succeed("models", "bootstrap", "--notes", parts[0].notesPath)
            let names = ["one", "two"]
            for name in names { try deployment.start(name) }
            for name in names { try deployment.waitUntilReady(name) }
            func publish(_ part: SampleLog) throws {
                try deployment.succeed("publish", "--notes", part.notesPath, "--clicks", part.clicksPath)
            }
            func trainings(atLeast count: Int) throws -> Bool {
                try wait(.seconds(120)) {
                    try deployment.requireRunning()
                    return try deployment.allLines("trained").count >= count
                }
            }
            // Longer than they look away.
            func waitForMore() { Thread.sleep(forTimeInterval: 14) }

            try publish(parts[0])
            #expect(try trainings(atLeast: 1), "nobody trained")
            waitForMore()
            #expect(try deployment.allLines("trained").count == 1, "both trained")
            let first = try #require(try names.first { try !deployment.lines("trained", of: $0).isEmpty })
            let other = try #require(names.first { $0 != first })
            try deployment.stop(first)
            let hasTakenOver = try wait(.seconds(60)) {
                try deployment.lines("partition assigned", of: other)
                    .contains { $0["stage"] == "session" && $0["partition"]?.hasSuffix("clicks[0]") == true }
            }
            #expect(hasTakenOver)
            waitForMore()
            #expect(try deployment.allLines("trained").count == 1, "the successor trained on what had been learned")
            try publish(parts[1])
            #expect(try trainings(atLeast: 2), "the successor does not train")
            #expect(try deployment.lines("trained", of: other).count == 1)
            #expect(Set(try deployment.succeed("models", "list").lines.map { $0.dropFirst(2).prefix(16) }).count == 3)
        }
    }
}
