import Foundation
import Support
import Testing

extension IntegrationTests {
    /// What the program says to those who ask, and to those who ask for the wrong thing. No broker takes part.
    @Suite("Command line")
    struct CommandLineTests {
        private static let commands = [
            [], ["run"], ["retrain"], ["topics"], ["topics", "apply"], ["topics", "check"], ["models"],
            ["models", "bootstrap"],
            ["models", "publish"], ["models", "list"], ["models", "show"], ["models", "promote"],
            ["models", "rollback"], ["simulate"], ["publish"], ["related"],
            ["search"], ["evaluate"], ["inspect"], ["digest"], ["replay"], ["dead-letters"], ["dead-letters", "list"],
            ["dead-letters", "retry"], ["demo"], ["config"],
        ]

        @Test("--help teaches every command", arguments: commands)
        func help(command: [String]) throws {
            let help = try Binary.run(command + ["--help"])
            #expect(help.exit == 0)
            #expect(help.output.contains("Usage: \((["notestream"] + command).joined(separator: " "))"))
            #expect(help.output.contains("Options:"))
            #expect(help.errors.isEmpty)
        }

        @Test("No command is left out here")
        func completeness() throws {
            for group in [[], ["topics"], ["models"], ["dead-letters"]] {
                let lines = try Binary.run(group + ["--help"]).output.components(separatedBy: "Commands:\n").last ?? ""
                let names = lines.components(separatedBy: "\n\n").first?.split(separator: "\n") ?? []
                #expect(!names.isEmpty)
                for line in names {
                    let name = String(line.split(separator: " ")[0])
                    #expect(Self.commands.contains(group + [name]), "\(group + [name]) is not tested")
                }
            }
        }

        struct Mistake: Sendable, CustomTestStringConvertible {
            var arguments: [String]
            var environment: [String: String] = [:]
            var exit: Int32
            var says: String
            var testDescription: String { (environment.keys + arguments).joined(separator: " ") }
        }

        private static let mistakes = [
            Mistake(arguments: ["serch", "x"], exit: 64, says: "did you mean 'search'"),
            Mistake(arguments: ["run", "--stages", "profile,indexing"], exit: 64, says: "no stage 'indexing'"),
            Mistake(arguments: ["related"], exit: 64, says: "<note> is missing"),
            Mistake(arguments: ["search", "two", "words"], exit: 64, says: "one word too many"),
            Mistake(arguments: ["simulate", "--into"], exit: 64, says: "--into needs a value"),
            Mistake(
                arguments: ["simulate", "--into", "/tmp", "--notes", "many"], exit: 64, says: "not a whole number"),
            Mistake(arguments: ["publish"], exit: 64, says: "give --notes, --clicks or --tick"),
            Mistake(arguments: ["publish", "--tick", "tomorrow"], exit: 64, says: "'tomorrow' is not a time"),
            Mistake(
                arguments: ["dead-letters", "list", "--reason", "odd"], exit: 64, says: "no reason 'odd'; the reasons"),
            Mistake(
                arguments: ["dead-letters", "list", "--stage", "odd"], exit: 64, says: "no stage 'odd'; the stages"),
            Mistake(
                arguments: ["dead-letters", "list", "--topic", "odd"], exit: 64, says: "no topic 'odd'; the topics"),
            Mistake(arguments: ["dead-letters", "list", "--since", "noon"], exit: 64, says: "'noon' is not a time"),
            Mistake(arguments: ["dead-letters", "list", "--limit", "-1"], exit: 64, says: "-1 is below 0"),
            Mistake(arguments: ["dead-letters", "retry", "--offset", "17"], exit: 64, says: "'17' is not a place"),
            Mistake(
                arguments: ["dead-letters", "list", "--bootstrap-servers", "127.0.0.1:1"], exit: 69,
                says: "127.0.0.1:1"),
            Mistake(arguments: ["publish", "--notes", "/nonexistent"], exit: 65, says: "/nonexistent"),
            Mistake(arguments: ["topics", "check", "--config", "/nonexistent"], exit: 78, says: "/nonexistent"),
            Mistake(
                arguments: ["topics", "check"], environment: ["NOTESTREAM_WINDOW_DAYS": "0"], exit: 78,
                says: "window.days"),
            Mistake(
                arguments: ["topics", "check"], environment: ["NOTESTREAM_KAFKA_BROKER": "x"], exit: 78,
                says: "NOTESTREAM_KAFKA_BROKER"),
            Mistake(
                arguments: ["topics", "check", "--bootstrap-servers", "127.0.0.1:1"], exit: 69, says: "127.0.0.1:1"),
        ]

        private static let wrongRates = ["nan", "inf", "0", "-1", "1e-300"].map { rate in
            Mistake(
                arguments: ["publish", "--rate=\(rate)", "--tick", "2024-05-01T12:00:00Z"], exit: 64,
                says: "is no rate; give a number of 0.001 or more")
        }

        @Test("A mistake is named, and has its exit code", arguments: mistakes + wrongRates)
        func mistake(_ mistake: Mistake) throws {
            let finished = try Binary.run(mistake.arguments, mistake.environment)
            #expect(finished.exit == mistake.exit, "\(finished)")
            #expect(finished.errors.contains(mistake.says), "\(finished)")
            #expect(finished.output.isEmpty)
        }

        @Test("What config prints is a config")
        func config() throws {
            let folder = try TemporaryFolder()
            let printed = try Binary.run(["config"])
            #expect(printed.exit == 0)
            let path = folder.path + "/notestream.yaml"
            try printed.output.write(toFile: path, atomically: true, encoding: .utf8)
            let used = try Binary.run(["publish", "--config", path])
            #expect(used.exit == 64, "it is read, and only then something is missing: \(used)")
            #expect(used.errors.contains("give --notes"))
        }

        @Test("simulate makes the same log for the same seed, and another for another")
        func simulate() throws {
            let folder = try TemporaryFolder()
            for (name, seed) in [("a", "5"), ("b", "5"), ("c", "6")] {
                let made = try Binary.run([
                    "simulate", "--notes", "20", "--clicks", "50", "--seed", seed, "--into", folder.path + "/" + name,
                ])
                #expect(made.exit == 0)
            }
            func contents(_ name: String) throws -> [Data] {
                try ["notes.jsonl", "clicks.tsv"].map { file in
                    try Data(contentsOf: folder.url.appending(path: "\(name)/\(file)"))
                }
            }
            #expect(try contents("a") == contents("b"))
            #expect(try contents("a") != contents("c"))
        }
    }
}
