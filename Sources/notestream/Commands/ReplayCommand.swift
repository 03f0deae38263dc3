import Configuration
import EventLog
import Foundation
import Pipeline

extension Notestream {
    static let replay = Command(
        name: "replay", summary: "Run a stretch of the log again, into topics of another prefix.",
        discussion: """
            Copies notes and clicks as they are, in the order of their timestamps, into topics of another prefix, and runs the
            stages over the copy until nothing is left to do: to try another model version or other settings on what really
            happened, to find out what led to a state, or to move to another number of partitions (--layout). In the end it
            prints the state's digests as 'notestream digest' does, then its figures as JSON. To go on with the copy:
            NOTESTREAM_KAFKA_TOPIC_PREFIX, NOTESTREAM_KAFKA_GROUP_PREFIX and NOTESTREAM_STATE_DIRECTORY as it says.

              notestream replay --into trial. --from 2024-05-01T00:00:00Z --to 2024-05-08T00:00:00Z
              notestream replay --into wide. --layout eight-partitions.yaml
            """,
        options: [
            Context.options[0], Context.options[2],
            .value("--into", "PREFIX", "put before the names of the topics and groups of the copy"),
            .value("--topics", "NAMES", default: "notes,clicks", "what is copied, with commas between"),
            .value(
                "--from", "WHERE", default: "beginning",
                "a time (by the records' own timestamps), an offset, or beginning"),
            .value("--to", "WHERE", default: "end", "a time, an offset (not itself copied), or end: what is there now"),
            .value("--model", "VERSION", "the model version for the copy; without it the one that serves"),
            .value("--layout", "FILE", "a topics.yaml for the copy; without it that of the original"),
            .value("--stages", "NAMES", default: "profile,session,recommend", "which stages run over the copy"),
            .value("--state", "FOLDER", "where their stores lie; without it a folder beside the configured one"),
        ]
    ) { arguments in
        let context = try Context(arguments, layout: nil)
        guard let prefix = arguments["--into"], !prefix.isEmpty else { throw UsageError("--into is needed") }
        let replay = try Replay(
            request(arguments, prefix, context), settings: context.settings, topics: context.topics,
            client: context.client)
        let stop = StopSignal()
        let signals = StopSignals { stop.set() }
        defer { signals.cancel() }
        try replay.prepare()
        let start = ContinuousClock.now
        let bars = StepBars()
        let copied = try replay.copy(until: stop) { bars.show("copying", Int($0), Int($1)) }
        let logger = Logger(label: "replay", level: max(.notice, context.logger.level))
        try replay.run(until: stop, logger: logger) { bars.show("replaying", Int($0), Int(copied.records)) }
        bars.finish()
        guard !stop.isSet else { return .negative }
        let target = replay.targetSettings
        let digests = try StoreInspection(
            target, Topics(prefix: prefix, catalog: layout(arguments)), context.client
        ).digests()
        for digest in digests { Output.line(digest.json) }
        Output.error(
            """
            the copy can be run on with NOTESTREAM_KAFKA_TOPIC_PREFIX=\(prefix) \
            NOTESTREAM_KAFKA_GROUP_PREFIX=\(target.kafka.groupPrefix) NOTESTREAM_STATE_DIRECTORY=\(target.state.directory)
            """)
        Output.line(figures(copied, seconds: (ContinuousClock.now - start) / .seconds(1)))
        return .success
    }

    private static func request(
        _ arguments: Arguments, _ prefix: String, _ context: Context
    ) throws -> Replay.Request {
        let names = try arguments.value("--topics", as: String.self).split(separator: ",").map { name in
            guard let topic = TopicName(rawValue: String(name)), [.notes, .clicks].contains(topic) else {
                throw UsageError("--topics: '\(name)' is no input; there are notes and clicks")
            }
            return topic
        }
        func bound(_ option: String) throws(UsageError) -> ReplayBound {
            let text: String = try arguments.value(option)
            guard let bound = ReplayBound(text) else {
                throw UsageError(
                    "\(option): '\(text)' is no time such as 2024-05-01T12:00:00Z, no offset, beginning or end")
            }
            return bound
        }
        return try Replay.Request(
            into: prefix, topics: names, from: bound("--from"), to: bound("--to"), model: arguments["--model"],
            layout: layout(arguments), stages: stages(arguments.value("--stages")),
            stateDirectory: arguments["--state"] ?? context.settings.state.directory + "-" + prefix)
    }

    private static func layout(_ arguments: Arguments) throws -> TopicCatalog {
        try TopicCatalog.load(file: arguments["--layout"])
    }

    /// The rate, and how it compares with the one at which the stretch came about.
    private static func figures(_ copied: Replay.Copied, seconds: Double) -> String {
        let rate = Double(copied.records) / max(0.001, seconds)
        let live = Double(copied.records) / max(0.001, Double(copied.span) / 1000)
        return String(
            format:
                "{\"records\": %d, \"seconds\": %.1f, \"per_second\": %.1f, \"live_per_second\": %.3f, \"ratio\": %.1f}",
            copied.records, seconds, rate, live, rate / live)
    }
}
