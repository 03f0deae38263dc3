import EventLog
import Foundation
import Pipeline

extension Notestream {
    static let inspect = Command(
        name: "inspect", summary: "Show lags, record counts and store sizes.",
        options: Context.options + [
            .flag("--lists", "recompute every list from the (stopped) store by exact search, one JSON object a line")
        ]
    ) { arguments in
        let context = try Context(arguments)
        if arguments.has("--lists") {
            try StoreInspection(context.settings, context.topics, context.client).forEachList(Output.line)
            return .success
        }
        Output.line("lag, in records that a stage has not committed:")
        let admin = try Admin(context.client)
        for stage in StageName.allCases {
            let group = context.settings.kafka.groupPrefix + stage.rawValue
            let committed = try admin.groupOffsets(group)
            let topic = context.topics.name(of: stage.inputTopic)
            let ends = try admin.watermarks(
                ofTopic: topic, partitions: context.topics.partitions(of: stage.inputTopic))
            for (place, marks) in ends.sorted(by: { $0.key < $1.key }) {
                let position = committed[place]?.offset
                let lag = max(0, marks.high - (position ?? marks.low))
                Output.line("  \(group)  \(place)  \(lag)\(position == nil ? "  (nothing committed)" : "")")
            }
        }
        Output.line("records, by the offsets each topic holds:")
        for topic in context.topics.catalog.topics {
            let name = context.topics.name(of: topic.name)
            let ends = try admin.watermarks(ofTopic: name, partitions: topic.partitions)
            Output.line("  \(name)  \(ends.values.reduce(0) { $0 + $1.high - $1.low })")
        }
        Output.line("stores, in bytes on disk:")
        for stage in StageName.allCases {
            let path = context.settings.state.directory + "/" + stage.rawValue
            Output.line("  \(path)  \(try FolderSize.bytes(of: path).map(String.init) ?? "not there")")
        }
        return .success
    }
}

/// How much a folder takes.
enum FolderSize {
    static func bytes(of path: String) throws -> Int? {
        guard let files = FileManager.default.enumerator(atPath: path) else { return nil }
        var total = 0
        while let file = files.nextObject() as? String {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + file)
            total += (attributes?[.size] as? Int) ?? 0
        }
        return FileManager.default.fileExists(atPath: path) ? total : nil
    }
}
