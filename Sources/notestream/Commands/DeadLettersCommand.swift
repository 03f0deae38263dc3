import Configuration
import Pipeline
import Schemas

extension Notestream {
    static let deadLetters = Command(
        name: "dead-letters", summary: "List the records that no stage could read, and send them again.",
        discussion: """
            A record that cannot be read goes to the topic dead-letters with its key, bytes and headers, and with headers that
            say why, by which stage, and where it lay. First see what there is, then put right what made it so (a sender's
            clock, a release that reads less than it should), then send the records again:

              notestream dead-letters list
              notestream dead-letters list --reason time-too-late --json
              notestream dead-letters retry --reason time-too-late --dry-run
              notestream dead-letters retry --reason time-too-late
            """,
        subcommands: [
            Command(
                name: "list", summary: "Print dead letters, the newest last.",
                discussion: """
                    One line each: when it was set aside; its own place on dead-letters, as --offset takes it; where the
                    record came from, as topic/partition@offset; the stage; the reason and the field; the key; the first
                    bytes of the value. 'retries=2' was sent again twice before and came back; '(sent again)' has been sent
                    again since. What is no plain text is shown as \\n, \\u{202E} or \\xFF.

                    With --json, one object a line, with the original's headers and the reason in a sentence; bytes that are
                    no UTF-8 stand in base64 under the field's name and 'Base64'.
                    """,
                options: Context.options + selectionOptions + [
                    .value("--limit", "N", "the newest N alone"),
                    .value("--bytes", "N", "of each value, how many bytes are shown (default: 60; with --json 4096)"),
                    .flag("--waiting", "only those that 'retry' would send"),
                    .flag("--json", "print JSON objects"),
                ], action: listLetters),
            Command(
                name: "retry", summary: "Send the records of dead letters to their topics again, each once.",
                discussion: """
                    Sends the original's key, bytes and headers to the partition it came from; without a selection, all that
                    were not sent yet. Those of one key keep their order. Each record is sent in one transaction with a mark
                    on dead-letters that says so: calling this again, or after it was killed, or twice at the same time,
                    sends none twice and leaves none out (for readers with isolation.level=read_committed, as the stages
                    are).

                    The record's own timestamp is the present, so that a record too far ahead of it may pass now; an event
                    without a time of its own counts as of now. It carries the header dead-letter-retries; should it be set
                    aside again, the new letter shows the count, and can be sent again like any other.

                    What cannot be sent (its topic is gone, or takes no record so large) is named, left as it is, and makes
                    the exit code 1.
                    """,
                options: Context.options + selectionOptions + [
                    .value("--limit", "N", "the oldest N alone"),
                    .flag("--dry-run", "print what would be sent, and send nothing"),
                ], action: retryLetters),
        ])

    private static let selectionOptions: [Command.Option] = [
        .value("--reason", "CODE", "only those set aside for this reason, as in wrong-type"),
        .value("--stage", "STAGE", "only those of one stage: profile, session or recommend"),
        .value("--topic", "TOPIC", "only those read from this topic, as in notes"),
        .value("--since", "TIME", "only those set aside since, as in 2024-05-01T12:00:00Z"),
        .value("--offset", "P@O", "only those at these places of dead-letters, as in 2@17 or 2@17,0@3"),
    ]

    private static func listLetters(_ arguments: Arguments) throws -> ExitCode {
        let context = try Context(arguments)
        let asJSON = arguments.has("--json")
        let limit = try count("--limit", arguments)
        let bytes = try count("--bytes", arguments) ?? (asJSON ? 4_096 : 60)
        let selection = try LetterSelection(arguments, context.topics)
        let table = try read(selection, keeping: bytes, context)
        let letters = arguments.has("--waiting") ? table.waiting() : table.letters
        for letter in letters.suffix(limit ?? letters.count) {
            Output.line(asJSON ? try LetterText.json(letter) : LetterText.line(letter, bytes: bytes))
        }
        return .success
    }

    private static func retryLetters(_ arguments: Arguments) throws -> ExitCode {
        let context = try Context(arguments)
        let limit = try count("--limit", arguments)
        let selection = try LetterSelection(arguments, context.topics)
        let table = try read(selection, keeping: 60, context)
        if let missing = selection.positions?.subtracting(table.letters.map(\.position)), !missing.isEmpty {
            let places = missing.sorted().map(\.description).joined(separator: ", ")
            Output.error("there is no such dead letter at \(places); 'dead-letters list' shows which there are")
            return .negative
        }
        let before = table.letters.count { $0.isRetried }
        let waiting = table.waiting(limit: limit)
        if arguments.has("--dry-run") {
            for letter in waiting { Output.line(LetterText.line(letter, bytes: 60)) }
            Output.line("would send \(waiting.count) again; \(before) have been sent before")
            return .success
        }
        // Without anything to send there is no need to end another retry that may be under way.
        guard !waiting.isEmpty else {
            Output.line("sent 0 again; \(before) have been sent before")
            return .success
        }
        let bar = ProgressBar("sending again", total: waiting.count)
        let outcome = try DeadLetterRetry(
            DeadLetterTopic(client: context.client, topics: context.topics),
            groupPrefix: context.settings.kafka.groupPrefix
        ).run(selection, limit: limit) { done, _ in bar.show(done) }
        bar.finish()
        for refusal in outcome.refused {
            Output.error("not sent: \(LetterText.line(refusal.letter, bytes: 0)): \(refusal.why)")
        }
        let refused = outcome.refused.isEmpty ? "" : "; \(outcome.refused.count) could not be sent"
        Output.line("sent \(outcome.sent) again; \(before) have been sent before\(refused)")
        return outcome.refused.isEmpty ? .success : .negative
    }

    private static func read(
        _ selection: LetterSelection, keeping bytes: Int, _ context: Context
    ) throws -> LetterTable {
        let bar = StepBars()
        defer { bar.finish() }
        return try DeadLetterTopic(client: context.client, topics: context.topics)
            .letters(selection, keeping: bytes) { bar.show("reading dead letters", $0, $1) }
    }

    private static func count(_ name: String, _ arguments: Arguments) throws -> Int? {
        let count: Int? = try arguments.optional(name)
        if let count, count < 0 { throw UsageError("\(name): \(count) is below 0") }
        return count
    }
}

extension LetterSelection {
    /// Reads the options; a topic may be given with or without the prefix.
    fileprivate init(_ arguments: Arguments, _ topics: Topics) throws(UsageError) {
        self.init()
        if let code = arguments["--reason"] {
            guard SchemaError.Reason(rawValue: code) != nil else {
                let codes = SchemaError.Reason.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--reason: there is no reason '\(code)'; the reasons are \(codes)")
            }
            reason = code
        }
        if let name = arguments["--stage"] {
            guard StageName(rawValue: name) != nil else {
                let names = StageName.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--stage: there is no stage '\(name)'; the stages are \(names)")
            }
            stage = name
        }
        if let name = arguments["--topic"] {
            guard let topic = TopicName.allCases.first(where: { $0.rawValue == name || topics.name(of: $0) == name })
            else {
                let names = TopicName.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--topic: there is no topic '\(name)'; the topics are \(names)")
            }
            self.topic = topics.name(of: topic)
        }
        if let text = arguments["--since"] {
            guard let time = Timestamp(text) else {
                throw UsageError("--since: '\(text)' is not a time such as 2024-05-01T12:00:00Z")
            }
            since = time
        }
        if let text = arguments["--offset"] {
            var places: Set<LetterPosition> = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                guard let place = LetterPosition(String(part)) else {
                    throw UsageError("--offset: '\(part)' is not a place such as 2@17 (partition 2, offset 17)")
                }
                places.insert(place)
            }
            positions = places
        }
    }
}
