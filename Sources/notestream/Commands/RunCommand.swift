import Foundation
import Pipeline
import Retraining
import Serving

extension Notestream {
    static let run = Command(
        name: "run", summary: "Run the stages: notes and clicks in, profiles, lists and trending out.",
        discussion: """
            One process runs all stages; a fleet runs some on each machine, Kafka's consumer groups share the partitions
            out. SIGINT or SIGTERM finishes the running batches, commits them and leaves; kill -9 loses nothing either.
            With retrain.enabled the model is trained on schedule too, at low priority, by one instance of a fleet; else
            see 'notestream retrain'.
            """,
        options: Context.options + [
            .value("--stages", "NAMES", default: "profile,session,recommend", "which stages, with commas between")
        ]
    ) { arguments in
        let context = try Context(arguments)
        let crash = try ProcessInfo.processInfo.environment["NOTESTREAM_CRASH_AT"].map(CrashOrder.init)
        let service = try PipelineService(
            settings: context.settings, catalog: context.topics.catalog,
            stages: try stages(arguments.value("--stages")), client: context.client, logger: context.logger,
            crash: crash, firstTexts: FirstNotes.texts)
        let retraining = RetrainStatus()
        let server = try Serving.start(
            context.settings, service, topics: context.topics, client: context.client, retraining: retraining,
            context.logger)
        defer { server?.stop() }
        let stop = StopSignal()
        let signals = StopSignals {
            stop.set()
            service.requestStop()
            endAnyway(after: 45, context.logger)
        }
        defer { signals.cancel() }
        let training =
            try context.settings.retrain.enabled ? trainBeside(service, context, retraining, until: stop) : nil
        defer {
            stop.set()
            try? training?.wait()
        }
        try service.run()
        return .success
    }

    /// Ends the process where a stage does not come to its end: a call into a broker that is in trouble, say. It loses
    /// nothing, and comes before those who supervise lose their patience.
    private static func endAnyway(after seconds: UInt32, _ logger: Logger) {
        let thread = Thread {
            sleep(seconds)
            logger.error("the stages do not come to an end; the process ends without them, which loses nothing")
            _exit(ExitCode.software.rawValue)
        }
        thread.start()
    }

    /// The retrainer on a thread that yields to the stages': one note at a time, and the lowest priority that still runs.
    private static func trainBeside(
        _ service: PipelineService, _ context: Context, _ status: RetrainStatus, until stop: StopSignal
    ) throws -> Background {
        let client = try context.client
        if !service.statuses.contains(where: { $0.stage == StageName.session.rawValue }) {
            context.logger.warning(
                "retrain.enabled has no effect here: the instance trains whose session stage owns partition 0")
        }
        return Background {
            // Linux keeps a nice value per thread, and hands it on to the threads that this one starts.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            Retrainer(
                settings: context.settings, topics: context.topics, client: client, logger: context.logger,
                status: status
            ).run(Retrainer.Request(), until: stop, while: { service.leads })
        }
    }

    static func stages(_ text: String) throws(UsageError) -> Set<StageName> {
        var stages: Set<StageName> = []
        for name in text.split(separator: ",") {
            guard let stage = StageName(rawValue: String(name)) else {
                let known = StageName.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--stages: there is no stage '\(name)'; there are \(known)")
            }
            stages.insert(stage)
        }
        return stages
    }
}
