import BrokerSupport
import Configuration
import Foundation
import Support
import Testing

extension IntegrationTests {
    /// The retrainer beside the stages.
    @Suite("Retraining in a fleet", .serialized, .timeLimit(.minutes(10)))
    struct FleetRetrainingTests {
        @Test("Of two instances one trains; when it is gone, the other does", arguments: TestBrokers.kafka)
        func fleet(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder)
            let deployment = try Deployment(
                broker, "retraining",
                settings: [
                    "NOTESTREAM_RETRAIN_ENABLED": "true", "NOTESTREAM_RETRAIN_MINIMUM_CLICKS": "600",
                    "NOTESTREAM_RETRAIN_STEPS": "40",
                ])
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            let names = ["one", "two"]
            for name in names { try deployment.start(name) }
            for name in names { try deployment.waitUntilReady(name) }
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)

            var trainers: [String] = []
            for expected in 1...2 {
                let isTrained = try wait(.seconds(120)) {
                    try deployment.requireRunning()
                    return try deployment.allLines("trained").count >= expected
                }
                #expect(isTrained, "\(expected). training")
                // Long enough for the other, which looks every ten seconds, to begin as well.
                if expected == 1 { Thread.sleep(forTimeInterval: 15) }
                #expect(try deployment.allLines("trained").count == expected)
                let trainer = try #require(
                    try names.first { try !deployment.lines("trained", of: $0).isEmpty }, "nobody trained")
                trainers.append(trainer)
                try deployment.stop(trainer)
            }
            #expect(Set(trainers) == Set(names))
            let versions = try deployment.succeed("models", "list").lines
            #expect(versions.count >= 2, "\(versions)")
        }
    }
}
