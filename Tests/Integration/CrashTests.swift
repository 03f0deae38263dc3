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
    /// The same log, undisturbed and with the service stopped, killed and robbed of its stores at random moments: what is
    /// on the topics in the end must be the same. Halfway another model version is chosen.
    ///
    /// `NOTESTREAM_CRASH_POINTS` (2), `NOTESTREAM_CRASH_LOG` (a folder with notes.jsonl and clicks.tsv or events.tsv) and
    /// `NOTESTREAM_CRASH_SEED` make it longer; `NOTESTREAM_CRASH_REPORT` names a file for the figures. `Ops/chaos` sets them.
    @Suite("Crashes", .serialized, .timeLimit(.minutes(60)))
    struct CrashTests {
        @Test("Nothing is lost, nothing is doubled", arguments: TestBrokers.all)
        func recovery(broker: TestBroker) throws {
            let settings = CrashSettings.fromEnvironment
            let folder = try TemporaryFolder()
            let small = try SampleLog.simulated(into: folder)
            let sample = try settings.log.map { try SampleLog($0) } ?? small
            let calm = try Deployment(broker, "calm")
            try calm.succeed("models", "bootstrap", "--notes", small.notesPath)
            let second = try calm.succeed(
                "models", "bootstrap", "--do-not-serve", "--first", "0.5", "--notes", small.notesPath)
            let version = try #require(second.lines.last?.split(separator: " ").dropFirst(2).first)
                .trimmingCharacters(in: .punctuationCharacters)
            let rough = try Deployment(broker, "rough")
            try rough.takeModels(from: calm)

            try calm.start()
            try calm.waitUntilReady()
            try calm.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try calm.models.promote(version)
            try finish(calm, sample, version)

            var chaos = Chaos(seed: settings.seed, kills: broker.kind == .kafka)
            try chaos.disturb(rough, sample, points: settings.points, folder) { try rough.models.promote(version) }
            try finish(rough, sample, version)

            let report = CrashReport(
                points: settings.points, seed: settings.seed, broker: broker.kind.rawValue, disturbances: chaos.done,
                differences: try compare(calm, rough, sample, version))
            try report.write()
            let shown = report.differences.prefix(10).joined(separator: "; ")
            let isEqual = report.differences.isEmpty
            #expect(
                isEqual,
                "seed \(settings.seed), \(chaos.done): \(report.differences.count) differences, such as \(shown)")
        }

        /// Lets the service finish and settle, and stops it.
        private func finish(_ deployment: Deployment, _ sample: SampleLog, _ version: String) throws {
            try deployment.waitUntilDrained(timeout: .seconds(1_200)) {
                try deployment.models.versionInForce(deployment.models.read()) == version
            }
            try deployment.succeed("publish", "--tick", sample.tick.text)
            try deployment.waitUntilDrained(quiet: .seconds(3), timeout: .seconds(300))
            let stopped = try deployment.stop()
            #expect(stopped.exit == 0)
        }

        private func compare(
            _ calm: Deployment, _ rough: Deployment, _ sample: SampleLog, _ version: String
        ) throws -> [String] {
            let expected = try Outcome(calm)
            let found = try Outcome(rough)
            var wrong: [String] = []
            func check(_ isRight: Bool, _ what: @autoclosure () -> String) { if !isRight { wrong.append(what()) } }

            let profiles = differences(expected.profiles, found.profiles)
            let which = profiles.prefix(3).map { key in
                "\(text(key)): \(expected.profiles[key].map(text) ?? "none") became "
                    + "\(found.profiles[key].map(text) ?? "none")"
            }
            check(profiles.isEmpty, "\(profiles.count) profiles differ, \(which)")
            for key in differences(expected.pairs, found.pairs) {
                let (before, after) = (expected.pairs[key] ?? 0, found.pairs[key] ?? 0)
                let place = "\(text(key.source))→\(text(key.target)) in bucket \(key.bucket)"
                check(false, "\(after < before ? "lost" : "doubled") \(place): \(before) became \(after)")
            }
            for key in differences(expected.clicks, found.clicks) {
                let (before, after) = (expected.clicks[key] ?? 0, found.clicks[key] ?? 0)
                let what = after < before ? "lost" : "doubled"
                check(false, "\(what) clicks of \(text(key.note)) in hour \(key.hour): \(before) became \(after)")
            }
            let time = sample.tick.time
            for (name, outcome) in [("undisturbed", expected), ("disturbed", found)] {
                let formula = BatchFormula.scores(of: sample.events, .standard)
                check(outcome.livePairs(at: time) == formula, "\(name): sums differ from the batch formula")
                let counts = BatchFormula.activity(of: sample.events, .standard)
                check(outcome.liveClicks(at: time) == counts, "\(name): activity differs from the batch formula")
                check(Set(outcome.lists.keys) == sample.ids, "\(name): lists are not those of exactly the live notes")
                let versions = Set(outcome.lists.values.map(\.version))
                check(versions == [version], "\(name): lists are of \(versions), not of \(version)")
            }
            wrong += try compareLists(calm, rough)
            return wrong
        }

        /// Lists as exact comparison makes them from the final stores.
        private func compareLists(_ calm: Deployment, _ rough: Deployment) throws -> [String] {
            func lists(_ deployment: Deployment) throws -> [String: RecommendationList] {
                let lines = try deployment.succeed("inspect", "--lists").lines
                return Dictionary(
                    uniqueKeysWithValues: try lines.map { line in
                        let list = try RecommendationList(json: Array(line.utf8))
                        return (list.note, list)
                    })
            }
            let expected = try lists(calm)
            let found = try lists(rough)
            guard Set(expected.keys) == Set(found.keys) else {
                return ["the stores hold \(expected.count) and \(found.count) notes"]
            }
            return expected.compactMap { note, list in
                let other = found[note]?.items ?? []
                let isEqual =
                    list.items.map(\.note) == other.map(\.note)
                    && zip(list.items, other).allSatisfy { abs($0.score - $1.score) <= 1e-5 }
                return isEqual ? nil : "the list of \(note) differs"
            }
        }
    }
}

/// How much is done to the service.
private struct CrashSettings {
    var points: Int
    var log: String?
    var seed: UInt64

    static let fromEnvironment: CrashSettings = {
        let environment = ProcessInfo.processInfo.environment
        return CrashSettings(
            points: environment["NOTESTREAM_CRASH_POINTS"].flatMap { Int($0) } ?? 2,
            log: environment["NOTESTREAM_CRASH_LOG"],
            seed: environment["NOTESTREAM_CRASH_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999))
    }()
}

/// Stops, kills and robs a service while a log is published to it; what it does is decided by a seed.
private struct Chaos {
    private var random: SeededGenerator
    private let kills: Bool
    /// What was done, in order.
    private(set) var done: [String] = []

    init(seed: UInt64, kills: Bool) {
        random = SeededGenerator(seed: seed)
        self.kills = kills
    }

    /// Publishes the log in as many parts as there are points, and once more; ends the service somewhere in each part but
    /// the last. In the middle part `halfway` is done, shortly before the end.
    mutating func disturb(
        _ deployment: Deployment, _ sample: SampleLog, points: Int, _ folder: TemporaryFolder,
        halfway: () throws -> Void
    ) throws {
        let shares = (0..<points).map { _ in Double.random(in: 0.02..<0.98, using: &random) }.sorted()
        let parts = try sample.cut(at: shares, into: folder)
        try deployment.start()
        // The first start is no recovery: let it come up, or all the points may fall before it.
        try deployment.waitUntilReady()
        for (index, part) in parts.enumerated() {
            // Spread over some seconds, so that the end falls into work and not behind it.
            let seconds = 3.0
            let rate = max(1, Int(Double(part.notes.count + part.clicks.count) / seconds))
            let publishing = try deployment.begin(
                "publish", "--notes", part.notesPath, "--clicks", part.clicksPath, "--rate", "\(rate)")
            if index < points {
                Thread.sleep(forTimeInterval: Double.random(in: 0..<seconds + 1, using: &random))
                if index == points / 2 {
                    try halfway()
                    Thread.sleep(forTimeInterval: Double.random(in: 0..<0.5, using: &random))
                }
                try end(deployment, index)
                try deployment.start()
                if Double.random(in: 0..<1, using: &random) < 0.7 { try deployment.waitUntilReady() }
            }
            publishing.process.waitUntilExit()
            guard publishing.process.terminationStatus == 0 else {
                throw IntegrationError("publishing part \(index) failed: \(try publishing.errors())")
            }
        }
    }

    private mutating func end(_ deployment: Deployment, _ index: Int) throws {
        // Both ways have their turn, however few the points.
        let isKill = kills && (index == 0 || (index > 1 && Bool.random(using: &random)))
        let loss = Double.random(in: 0..<1, using: &random)
        if isKill {
            deployment.kill()
        } else {
            let stopped = try deployment.stop()
            #expect(stopped.exit == 0, "after \(done)")
            #expect(stopped.duration < .seconds(10), "a stop took \(stopped.duration) after \(done)")
        }
        var step = isKill ? "kill" : "stop"
        // The second point and then every fourth or so lose their stores: a machine that burned.
        if index == 1 || loss < 0.25 {
            let lost = index == 1 ? StageName.allCases : [StageName.allCases.randomElement(using: &random) ?? .session]
            for stage in lost {
                try? FileManager.default.removeItem(atPath: deployment.statePath + "/" + stage.rawValue)
            }
            step += " and lose \(lost.map(\.rawValue).joined(separator: ", "))"
        }
        done.append(step)
    }
}

/// The figures of one run.
private struct CrashReport {
    var points: Int
    var seed: UInt64
    var broker: String
    var disturbances: [String]
    var differences: [String]

    func write() throws {
        guard let path = ProcessInfo.processInfo.environment["NOTESTREAM_CRASH_REPORT"] else { return }
        let lost = differences.filter { $0.hasPrefix("lost") }.count
        let doubled = differences.filter { $0.hasPrefix("doubled") }.count
        let line =
            #"{"points": \#(points), "lost": \#(lost), "doubled": \#(doubled), "mismatches": "#
            + #"\#(differences.count - lost - doubled), "kills": \#(disturbances.filter { $0.hasPrefix("kill") }.count), "#
            + #""stops": \#(disturbances.filter { $0.hasPrefix("stop") }.count), "#
            + #""lost_stores": \#(disturbances.filter { $0.contains("lose") }.count), "broker": "\#(broker)", "seed": \#(seed)}"#
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        try (old + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
}
