import BrokerSupport
import EventLog
import Foundation
import Pipeline
import Support
import Testing

extension IntegrationTests {
    /// The same log, undisturbed and with accidents: what is on the topics and in the stores in the end must be the same.
    /// Halfway another model version is chosen.
    ///
    /// `NOTESTREAM_CHAOS_ROUNDS` (2), `NOTESTREAM_CHAOS_LOG` (a folder with notes.jsonl and clicks.tsv or events.tsv) and
    /// `NOTESTREAM_CHAOS_SEED` make it longer; `NOTESTREAM_CHAOS_REPORT` names a file for the figures. `Ops/chaos` sets them.
    @Suite("Chaos", .serialized, .timeLimit(.minutes(600)))
    struct ChaosTests {
        /// Rounds that share a log and its undisturbed run.
        private static let roundsPerLog = 10

        @Test("Nothing is lost, nothing is doubled", arguments: TestBrokers.all)
        func rounds(broker: TestBroker) throws {
            let settings = ChaosSettings.fromEnvironment
            let isKafka = broker.kind == .kafka
            let rounds = isKafka ? settings.rounds : 1
            var report = ChaosReport(broker: broker.kind.rawValue, seed: settings.seed)
            var stage: ChaosStage?
            for number in 0..<rounds {
                let seed = settings.seed &+ UInt64(number)
                if number % Self.roundsPerLog == 0 { stage = try ChaosStage(broker, seed: seed, log: settings.log) }
                guard let stage else { return }
                // Two rounds alone cover what moves partitions, too.
                let kinds: [ChaosRound.Kind] =
                    BrokerControl.ofTests == nil ? [.alone, .fleet] : ChaosRound.Kind.allCases
                let kind = isKafka ? kinds[number % kinds.count] : .alone
                let began = ContinuousClock.now
                do {
                    let (done, comparison) = try stage.play(kind, number: number, seed: seed, kills: isKafka) {
                        try report.count(recoveriesOf: $0)
                    }
                    report.add(comparison)
                    report.tell(
                        "round \(number + 1)/\(rounds), seed \(seed), \(kind.rawValue): \(done.joined(separator: "; ")): "
                            + "\(comparison.all.count) differences, \(Int((ContinuousClock.now - began) / .seconds(1))) s"
                    )
                    #expect(
                        comparison.all.isEmpty,
                        """
                        seed \(seed), \(kind), \(done): \(comparison.all.count) differences, such as \
                        \(comparison.all.prefix(8).map { $0.prefix(300) })
                        """)
                } catch {
                    report.unfinished += 1
                    report.tell("round \(number + 1)/\(rounds), seed \(seed), \(kind.rawValue): broke off: \(error)")
                    Issue.record("seed \(seed), \(kind): the round broke off: \(error)")
                }
            }
            try report.write()
        }
    }
}

/// One log, its undisturbed run, and two model versions.
private struct ChaosStage {
    let broker: TestBroker
    let log: ChaosLog
    let calm: CalmRun
    let version: String
    /// As they were before the second version was chosen.
    private let models: [Record]

    init(_ broker: TestBroker, seed: UInt64, log folder: String?) throws {
        self.broker = broker
        let temporary = try TemporaryFolder()
        let small = try SampleLog.simulated(into: temporary, seed: seed)
        log = ChaosLog(try folder.map { try SampleLog($0) } ?? small, seed: seed)
        let deployment = try Deployment(broker, "calm", settings: Self.settings)
        try deployment.succeed("models", "bootstrap", "--notes", small.notesPath)
        let second = try deployment.succeed(
            "models", "bootstrap", "--do-not-serve", "--first", "0.5", "--notes", small.notesPath)
        version = try #require(second.lines.last?.split(separator: " ").dropFirst(2).first)
            .trimmingCharacters(in: .punctuationCharacters)
        models = try deployment.modelRecords()
        try deployment.start()
        try deployment.waitUntilReady()
        try ChaosPublisher(log.events[...], to: deployment, over: .zero).wait()
        try deployment.models.promote(version)
        try Self.finish(deployment, log, version)
        calm = try CalmRun(deployment)
    }

    /// Batches and slices of timers small enough for a short log to have many.
    private static let settings = ["NOTESTREAM_PIPELINE_BATCH_RECORDS": "40", "NOTESTREAM_PIPELINE_TIMER_SLICE": "3"]

    func play(
        _ kind: ChaosRound.Kind, number: Int, seed: UInt64, kills: Bool, whenOver: (Deployment) throws -> Void
    ) throws -> ([String], ChaosComparison) {
        let rough = try Deployment(broker, "rough", settings: Self.settings)
        try rough.takeModels(models)
        var round = ChaosRound(kind, number: number, seed: seed, rough, kills: kills)
        try round.disturb(log) { try rough.models.promote(version) }
        try Self.finish(rough, log, version)
        try whenOver(rough)
        return (round.done, try ChaosComparison(calm: calm, rough: rough, log: log, version: version))
    }

    /// Lets the service finish and settle, and stops it.
    private static func finish(_ deployment: Deployment, _ log: ChaosLog, _ version: String) throws {
        try deployment.waitUntilDrained(timeout: .seconds(1_200)) {
            try deployment.models.versionInForce(deployment.models.read()) == version
        }
        try deployment.succeed("publish", "--tick", log.tick.text)
        try deployment.waitUntilDrained(quiet: .seconds(2), timeout: .seconds(300))
        let stopped = try deployment.stop()
        guard stopped.exit == 0 else { throw IntegrationError("the last stop ended with \(stopped.exit)") }
    }
}

/// How much is done to the service.
private struct ChaosSettings {
    var rounds: Int
    var log: String?
    var seed: UInt64

    static let fromEnvironment: ChaosSettings = {
        let environment = ProcessInfo.processInfo.environment
        return ChaosSettings(
            rounds: environment["NOTESTREAM_CHAOS_ROUNDS"].flatMap { Int($0) } ?? 2,
            log: environment["NOTESTREAM_CHAOS_LOG"],
            seed: environment["NOTESTREAM_CHAOS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999))
    }()
}

/// The figures of all rounds.
private struct ChaosReport {
    var broker: String
    var seed: UInt64
    /// Rounds that could not be played to their end.
    var unfinished = 0
    private var rounds = 0
    private var counts: [String: Int] = [:]
    private var cases: [String: Int] = [:]

    init(broker: String, seed: UInt64) {
        self.broker = broker
        self.seed = seed
    }

    mutating func add(_ comparison: ChaosComparison) {
        rounds += 1
        counts["lost", default: 0] += comparison.lost.count
        counts["doubled", default: 0] += comparison.doubled.count
        counts["digest_mismatches", default: 0] += comparison.digests.count
        counts["oracle_mismatches", default: 0] += comparison.oracle.count
        counts["other_mismatches", default: 0] += comparison.others.count
    }

    /// How partitions were found at assignments, and who was fenced.
    mutating func count(recoveriesOf deployment: Deployment) throws {
        for line in try deployment.allLines("partition assigned") { cases[line["found"] ?? "", default: 0] += 1 }
        let ended = try deployment.allLines("the session with the broker ended; starting another")
        cases["fenced", default: 0] += ended.count { $0["fenced"] == "true" }
    }

    /// To the file of `NOTESTREAM_CHAOS_PROGRESS`, since `swift test` keeps what a test writes for a while.
    func tell(_ line: String) {
        let path = ProcessInfo.processInfo.environment["NOTESTREAM_CHAOS_PROGRESS"]
        let file = path.flatMap { FileHandle(forWritingAtPath: $0) }
        _ = try? file?.seekToEnd()
        (file ?? .standardError).write(Data((line + "\n").utf8))
    }

    func write() throws {
        guard let path = ProcessInfo.processInfo.environment["NOTESTREAM_CHAOS_REPORT"] else { return }
        let figures = ["lost", "doubled", "digest_mismatches", "oracle_mismatches", "other_mismatches"]
            .map { "\"\($0)\": \(counts[$0] ?? 0)" }
        let found = ["equal", "behind", "missing", "fenced"].map { "\"\($0)\": \(cases[$0] ?? 0)" }
        let line =
            "{\"rounds\": \(rounds), \"unfinished\": \(unfinished), \(figures.joined(separator: ", ")), \"cases\": {\(found.joined(separator: ", "))}, "
            + "\"broker\": \"\(broker)\", \"seed\": \(seed)}\n"
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        try (old + line).write(toFile: path, atomically: true, encoding: .utf8)
    }
}
