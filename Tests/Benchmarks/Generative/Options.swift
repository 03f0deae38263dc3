import Foundation
import NoteLLM

/// What the command line asks for.
struct Options {
    var data = URL(filePath: "../shared/data/beer")
    /// Where checkpoints and the loss curve are kept.
    var folder = URL(filePath: ".build/generative")
    var modelPath =
        ProcessInfo.processInfo.environment["NOTESTREAM_MODEL"]
        ?? NSHomeDirectory() + "/.cache/notestream/SmolLM2-135M-Instruct.Q4_1.gguf"
    var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Few notes are judged by what the language model writes.
    var isQuick = false
    var checkpointSteps = 5
    var settings = DeepTraining.Settings()

    struct Refusal: Error, CustomStringConvertible { let description: String }

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            func value() throws -> String {
                guard let value = rest.popFirst() else { throw Refusal(description: "\(argument) wants a value.") }
                return value
            }
            func number() throws -> Int {
                let text = try value()
                guard let number = Int(text), number > 0 else {
                    throw Refusal(description: "\(argument) wants a positive number, not \(text).")
                }
                return number
            }
            switch argument {
            case "--data": data = URL(filePath: try value())
            case "--folder": folder = URL(filePath: try value())
            case "--steps": settings.steps = try number()
            case "--batch": settings.batch = try number()
            case "--threads": threads = try number()
            case "--quick": isQuick = true
            default:
                throw Refusal(
                    description:
                        "Unknown option \(argument). There are --data DIR, --folder DIR, --steps N, --batch N, "
                        + "--threads N and --quick.")
            }
        }
        settings.warmup = min(settings.warmup, max(1, settings.steps / 5))
        if isQuick { checkpointSteps = 1 }
    }
}
