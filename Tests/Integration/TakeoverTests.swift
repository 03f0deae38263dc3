import BrokerSupport
import Foundation
import Pipeline
import Support
import Testing

extension IntegrationTests {
    /// How long an instance with an empty disk takes until it serves half of the partitions: replaying the log, and beginning
    /// with a copy of another instance's stores. `Ops/bench/takeover` runs it.
    ///
    /// `NOTESTREAM_TAKEOVER_REPORT` names a file for the figures; without it this is left out, since it takes minutes.
    /// `NOTESTREAM_TAKEOVER_CLICKS` says how long the log is.
    @Suite(
        "Takeover", .timeLimit(.minutes(60)),
        .enabled(if: ProcessInfo.processInfo.environment["NOTESTREAM_TAKEOVER_REPORT"] != nil, "see Ops/bench/takeover")
    )
    struct TakeoverTests {
        @Test("An empty disk takes over half of the partitions", arguments: TestBrokers.kafka)
        func takeover(broker: TestBroker) throws {
            let environment = ProcessInfo.processInfo.environment
            let clicks = environment["NOTESTREAM_TAKEOVER_CLICKS"].flatMap { Int($0) } ?? 1_000_000
            let folder = try TemporaryFolder()
            let sample = folder.path + "/sample"
            let simulated = try Binary.run([
                "simulate", "--notes", "300", "--clicks", "\(clicks)", "--users", "\(max(40, clicks / 40))", "--days",
                "10",
                "--into", sample,
            ])
            #expect(simulated.exit == 0)
            let copies = folder.path + "/copies"
            let deployment = try Deployment(
                broker, "takeover",
                settings: ["NOTESTREAM_STATE_CHECKPOINTS": copies, "NOTESTREAM_STATE_CHECKPOINT_MINUTES": "1"])
            try deployment.succeed("models", "bootstrap", "--notes", sample + "/notes.jsonl")
            try deployment.start()
            try deployment.waitUntilReady()
            try deployment.succeed("publish", "--notes", sample + "/notes.jsonl", "--clicks", sample + "/clicks.tsv")
            try deployment.waitUntilDrained(timeout: .seconds(1_800))
            let behind = try deployment.lines("checkpoint written").count
            let hasCopied = try wait(.seconds(120)) {
                try deployment.lines("checkpoint written").count >= behind + StageName.allCases.count
            }
            #expect(hasCopied, "no copies of the stores were made")

            let replay = try timeUntilServing("state-replay", deployment, copies: "")
            let checkpoint = try timeUntilServing("state-copy", deployment, copies: copies)
            #expect(
                try deployment.allLines("the store was restored from a checkpoint").count == StageName.allCases.count)
            let line = String(
                format: "{\"clicks\": %d, \"replay_s\": %.1f, \"checkpoint_s\": %.1f, \"ratio\": %.1f}\n", clicks,
                replay / .seconds(1), checkpoint / .seconds(1), replay / checkpoint)
            if let path = environment["NOTESTREAM_TAKEOVER_REPORT"] {
                try line.write(toFile: path, atomically: true, encoding: .utf8)
            }
        }

        /// Starts an instance, waits until all its stages serve their share, and gives that back.
        private func timeUntilServing(_ instance: String, _ deployment: Deployment, copies: String) throws -> Duration {
            let start = ContinuousClock.now
            try deployment.start(instance, ["NOTESTREAM_STATE_CHECKPOINTS": copies])
            let isReady = try wait(.seconds(1_200)) {
                try deployment.requireRunning()
                return Set(try deployment.lines("ready", of: instance).compactMap { $0["stage"] }).count
                    == StageName.allCases.count
            }
            #expect(isReady, "\(instance) does not serve after 20 minutes")
            let took = ContinuousClock.now - start
            let assigned = try deployment.lines("partition assigned", of: instance).count
            #expect(assigned >= 6, "only \(assigned) partitions came")
            try deployment.stop(instance)
            // The first instance has all of them again when the session of the one that left is over.
            let before = try deployment.lines("partition assigned").count
            _ = try wait(.seconds(60)) { try deployment.lines("partition assigned").count >= before + assigned }
            try deployment.waitUntilDrained(timeout: .seconds(300))
            return took
        }
    }
}
