import Configuration
import EventLog
import Evaluation
import Foundation
import Serving

/// The command line: finds the command, runs it, and turns what went wrong into a sentence and an exit code.
@main
enum Notestream {
    static let command = Command(
        name: "notestream", summary: "A streaming recommender for short posts.",
        discussion: """
            Notes and clicks come in through Kafka; profiles (embedding, category, hashtags), lists of related notes and
            trending notes go out through Kafka. A first look, with a broker on 127.0.0.1:9092:

              notestream topics apply
              notestream simulate --into /tmp/sample
              notestream models bootstrap --notes /tmp/sample/notes.jsonl
              notestream run &
              notestream publish --notes /tmp/sample/notes.jsonl --clicks /tmp/sample/clicks.tsv
              notestream related <note id>
            """,
        subcommands: [
            run, retrain, topics, models, simulate, publish, related, search, evaluate, inspect, digest, replay,
            deadLetters, demo, config,
        ])

    static func main() {
        exit(run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    private static func run(_ words: [String]) -> ExitCode {
        do {
            return try command.run(words[...], write: Output.line)
        } catch {
            Output.error("notestream: \(error)")
            return exitCode(of: error)
        }
    }

    private static func exitCode(of error: any Error) -> ExitCode {
        switch error {
        case is UsageError: .usage
        case is ConfigurationError: .configuration
        case let error as EventLogError: error.isInvalidSetting ? .configuration : .unavailable
        case is LogFileError, is CocoaError: .data
        default: .software
        }
    }
}

/// Standard output and error, unbuffered: what is piped is seen at once.
enum Output {
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
    static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
