/// A command: what it is called, what it takes, what it does. Commands nest.
struct Command: Sendable {
    /// What a command does with its arguments; the result is the process's exit code.
    typealias Action = @Sendable (Arguments) throws -> ExitCode

    var name: String
    var summary: String
    /// Longer text under the usage line: what it is for, an example.
    var discussion = ""
    /// Names of the words it needs, in order.
    var operands: [String] = []
    var options: [Option] = []
    var subcommands: [Command] = []
    var action: Action?

    /// An option: `--name VALUE`, or `--name` alone for a flag.
    struct Option: Sendable {
        var name: String
        /// What stands for the value in the help; nil makes it a flag.
        var value: String?
        var fallback: String?
        var help: String

        static func flag(_ name: String, _ help: String) -> Option { Option(name: name, help: help) }
        static func value(_ name: String, _ value: String, default fallback: String? = nil, _ help: String) -> Option {
            Option(name: name, value: value, fallback: fallback, help: help)
        }
    }
}

/// What a process's exit tells its caller, by the numbers of sysexits.h.
enum ExitCode: Int32 {
    case success = 0
    /// It ran, and what it looked for is not so (a check that fails, a key that is not there).
    case negative = 1
    case usage = 64
    case data = 65
    case unavailable = 69
    case software = 70
    case configuration = 78
}

/// The command line does not say what a command needs.
struct UsageError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// What was given to a command.
struct Arguments: Sendable {
    private(set) var flags: Set<String> = []
    private(set) var values: [String: String] = [:]
    private(set) var operands: [String] = []

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    subscript(_ name: String) -> String? { values[name] }

    /// The value of an option that has a default or was given.
    func value<T: LosslessStringConvertible>(_ name: String, as type: T.Type = T.self) throws(UsageError) -> T {
        guard let value = try optional(name, as: type) else { throw UsageError("\(name) is needed") }
        return value
    }

    /// The value of an option, nil when it was not given.
    func optional<T: LosslessStringConvertible>(_ name: String, as type: T.Type = T.self) throws(UsageError) -> T? {
        guard let text = values[name] else { return nil }
        guard let value = T(text) else {
            let kind = T.self == Int.self ? "a whole number" : T.self == Double.self ? "a number" : "a \(T.self)"
            throw UsageError("\(name): '\(text)' is not \(kind)")
        }
        return value
    }
}

extension Arguments {
    /// Reads the words that follow a command's name; nil when help is asked for.
    init?(_ words: ArraySlice<String>, for command: Command) throws(UsageError) {
        for option in command.options { values[option.name] = option.fallback }
        var rest = words
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            if word == "--help" || word == "-h" { return nil }
            guard word.hasPrefix("-"), word.count > 1, Double(word) == nil else {
                operands.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = command.options.first(where: { $0.name == parts[0] }) else {
                throw UsageError("unknown option '\(parts[0])'")
            }
            if option.value == nil {
                guard parts.count == 1 else { throw UsageError("\(option.name) takes no value") }
                flags.insert(option.name)
            } else {
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw UsageError("\(option.name) needs a value")
                }
                values[option.name] = value
            }
        }
        if operands.count < command.operands.count {
            throw UsageError("<\(command.operands[operands.count])> is missing")
        }
        if operands.count > command.operands.count {
            throw UsageError("'\(operands[command.operands.count])' is one word too many")
        }
    }
}
