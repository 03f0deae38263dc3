import EventLog
import Evaluation
import Foundation
import NoteLLM
import Pipeline
import Schemas
import Serving

extension Notestream {
    static let demo = Command(
        name: "demo", summary: "Run all stages here, publish a log, and show what comes out of the topics.",
        discussion: """
            What Ops/demo runs once broker, topics and model version are there. The log is published with a bounded number
            of notes in flight, so that the time from event to list is that of a pipeline at work, not of a queue. Then the
            model is trained on the clicks, judged against the serving one, and swapped where it is better.
            """,
        options: Context.options + [
            .value("--notes", "FILE", "notes as JSON lines"),
            .value("--clicks", "FILE", "clicks as tab-separated lines"),
            .value("--in-flight", "N", default: "8", "notes published and not yet profiled, at most"),
            .flag("--once", "end when the log is drained; otherwise serve until Ctrl-C"),
        ]
    ) { arguments in
        let context = try Context(arguments)
        guard let notes = arguments["--notes"], let clicks = arguments["--clicks"] else {
            throw UsageError("--notes and --clicks are needed")
        }
        return try Demo(
            context: context, log: LogEvents(notes: notes, clicks: clicks), inFlight: arguments.value("--in-flight"),
            once: arguments.has("--once")
        ).run()
    }
}

/// One run of the demonstration.
struct Demo {
    let context: Context
    let log: LogEvents
    let inFlight: Int
    let once: Bool

    func run() throws -> ExitCode {
        let service = try PipelineService(
            settings: context.settings, catalog: context.topics.catalog, stages: Set(StageName.allCases),
            client: context.client, logger: context.logger, firstTexts: FirstNotes.texts)
        let stopping = StopSignal()
        let signals = StopSignals {
            stopping.set()
            service.requestStop()
        }
        defer { signals.cancel() }
        let server = try Serving.start(
            context.settings, service, topics: context.topics, client: context.client, retraining: RetrainStatus(),
            context.logger)
        defer { server?.stop() }
        let running = Background { try service.run() }
        let watcher = try OutputWatcher(client: context.client, topics: context.topics)
        defer { watcher.end() }

        let stages = Stages(service)
        waitUntilReady(stages, stopping, running)
        let start = ContinuousClock.now
        let published = try publish(stages, watcher, stopping, running)
        waitUntilDrained(stages, watcher, stopping, running)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        show(watcher, last: 5)
        if !running.hasEnded, !stopping.isSet {
            var figures = try DemoFigures(
                context: context, stages: stages, watcher: watcher, published: published, seconds: seconds)
            figures.retraining = try retrain(watcher, stopping)
            if !once {
                explain(server)
                while !stopping.isSet, !running.hasEnded { stopping.wait(.milliseconds(200)) }
            }
            service.requestStop()
            try running.wait()
            Output.line(figures.json)
            return .success
        }
        service.requestStop()
        try running.wait()
        return stopping.isSet && !once ? .success : .negative
    }

    // MARK: - Publishing

    /// Publishes the log in the order of its times; answers when each note went out, wall-clock milliseconds.
    private func publish(
        _ stages: Stages, _ watcher: OutputWatcher, _ stopping: StopSignal, _ running: Background
    ) throws -> [[UInt8]: Int64] {
        let producer = try Producer(context.client)
        let bar = ProgressBar("notes and clicks", total: log.events.count)
        var published: [[UInt8]: Int64] = [:]
        var notes: Int64 = 0
        let before = stages.profile.now.records
        for (index, event) in log.events.enumerated() {
            if case .note(let note) = event {
                while notes - (stages.profile.now.records - before) >= Int64(inFlight) {
                    guard !stopping.isSet, !running.hasEnded else { return published }
                    usleep(2_000)
                }
                published[note.id] = Int64(Date().timeIntervalSince1970 * 1000)
                notes += 1
            }
            try producer.produce(event.record(context.topics))
            bar.show(index + 1)
            if index % max(1, log.events.count / 8) == 0 { show(watcher, last: 1) }
        }
        try producer.flush()
        bar.finish()
        return published
    }

    private func waitUntilReady(_ stages: Stages, _ stopping: StopSignal, _ running: Background) {
        while !stages.all.allSatisfy(\.now.isReady), !stopping.isSet, !running.hasEnded { usleep(20_000) }
    }

    /// Waits until every stage has read its topics to the end, with nothing left to send, for a second and a half.
    private func waitUntilDrained(
        _ stages: Stages, _ watcher: OutputWatcher, _ stopping: StopSignal, _ running: Background
    ) {
        var quietSince = ContinuousClock.now
        var outputs: Int64 = -1
        while ContinuousClock.now - quietSince < .milliseconds(1_500), !stopping.isSet, !running.hasEnded {
            let now = stages.all.map(\.now)
            let sent = now.reduce(0) { $0 + $1.outputs }
            if sent != outputs || !now.allSatisfy(\.isDrained) { quietSince = .now }
            outputs = sent
            usleep(20_000)
        }
    }

    // MARK: - Showing

    private func show(_ watcher: OutputWatcher, last count: Int) {
        let texts = watcher.look { state in
            let texts = state.fresh.suffix(count).compactMap { state.text(of: $0) }
            state.fresh.removeAll()
            return texts
        }
        for text in texts { Output.line("\n" + text) }
    }

    private func explain(_ server: RunningServer?) {
        let servers = context.settings.kafka.bootstrapServers
        Output.line(
            """

            The stages go on running; Ctrl-C ends it.\(server.map { " Look at http://localhost:\($0.port)," } ?? "")
            or from another terminal:
              kcat -b \(servers) -C -t \(context.topics.name(of: .noteRecommendations)) -o -5 -f '%k\\n%s\\n\\n'
              kcat -b \(servers) -C -t \(context.topics.name(of: .trending)) -e -q | tail -1
              echo '{"title": "my first note", "content": "about hops"}' | kcat -b \(servers) -P -t \
            \(context.topics.name(of: .notes)) -k my-note -X partitioner=murmur2_random
            """)
    }
}

/// The running stages by name.
struct Stages {
    let all: [StageStatus]
    let profile: StageStatus
    let session: StageStatus

    init(_ service: PipelineService) {
        all = service.statuses
        let named = Dictionary(uniqueKeysWithValues: all.map { ($0.stage, $0) })
        profile = named["profile"] ?? all[0]
        session = named["session"] ?? all[0]
    }
}
