import Configuration
import Pipeline

extension Notestream {
    static let topics = Command(
        name: "topics", summary: "Make the topics, or compare the broker's with the catalogue.",
        discussion: """
            The catalogue says how many partitions a topic has and what is deleted when. A partition count never changes in
            place, since state follows it.
            """,
        subcommands: [
            Command(
                name: "apply", summary: "Make the topics that are missing; those there are left as they are.",
                options: Context.options
            ) { arguments in
                let context = try Context(arguments)
                let made = try TopicAdministration(client: context.client, topics: context.topics).apply()
                Output.line(made.isEmpty ? "all topics are there" : "made \(made.joined(separator: ", "))")
                return try check(context)
            },
            Command(
                name: "check", summary: "List where the broker's topics differ from the catalogue.",
                discussion: "The exit code is 1 where a topic is missing or has another number of partitions.",
                options: Context.options
            ) { arguments in try check(Context(arguments)) },
        ])

    private static func check(_ context: Context) throws -> ExitCode {
        let differences = try TopicAdministration(client: context.client, topics: context.topics).differences()
        for difference in differences { Output.line("\(difference.topic): \(difference.text)") }
        return differences.contains(where: \.isFatal) ? .negative : .success
    }
}
