import Foundation
import Pipeline

extension Notestream {
    static let run = Command(
        name: "run", summary: "Run the stages: notes and clicks in, profiles, lists and trending out.",
        discussion: """
            One process runs all stages; a fleet runs some on each machine, Kafka's consumer groups share the partitions
            out. SIGINT or SIGTERM finishes the running batches, commits them and leaves; kill -9 loses nothing either.
            """,
        options: Context.options + [
            .value("--stages", "NAMES", default: "profile,session,recommend", "which stages, with commas between")
        ]
    ) { arguments in
        let context = try Context(arguments)
        let service = try PipelineService(
            settings: context.settings, catalog: context.topics.catalog,
            stages: try stages(arguments.value("--stages")), client: context.client, logger: context.logger,
            firstTexts: FirstNotes.texts)
        let signals = StopSignals { service.requestStop() }
        defer { signals.cancel() }
        try service.run()
        return .success
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
