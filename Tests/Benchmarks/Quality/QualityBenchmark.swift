import Evaluation
import Foundation
import LanguageModel
import NoteLLM
import Tensors

/// What embeddings, hashtags and lists are worth on real notes, beside what a user would try first. The last line is JSON.
@main
struct QualityBenchmark {
    static func main() throws {
        let options: QualityOptions
        do {
            options = try QualityOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(64)
        }
        let clock = ContinuousClock()
        let start = clock.now
        try BLAS.check()
        let model = try LanguageModel(path: options.modelPath)
        let baseModelSHA256 = try SHA256.hex(file: options.modelPath)
        if options.isQuick { print("QUICK: small pools and one seed; these figures are not the bench's.") }

        var parts: [String] = []
        if options.parts.contains("travel-links") {
            let titles = try TravelTitles(folder: options.data.appending(path: "travel-titles"))
            let travel = TravelQuality(
                titles: titles, model: model, baseModelSHA256: baseModelSHA256, cache: options.cache,
                threads: options.threads, isQuick: options.isQuick, isJudging: options.isJudging,
                progress: Progress.show)
            let sentences = try options.sentences.map { try Self.vectors(at: $0, count: titles.notes.count) }
            parts.append("\"travel-links\": \(try travel.report(sentences: sentences))")
            print("after \(Int((clock.now - start) / .seconds(1))) s")
            fflush(nil)
        }
        if options.parts.contains("beer") {
            let beer = try BeerQuality(
                folder: options.data.appending(path: "beer"), model: model, baseModelSHA256: baseModelSHA256,
                threads: options.threads, isQuick: options.isQuick, progress: Progress.show)
            let encoded = try options.beerSentences.map {
                let vectors = try Self.vectors(at: $0, count: beer.texts.count)
                return [(row: "BERT sentence encoder", vectors: (0..<vectors.rows).map { vectors.row($0) })]
            }
            parts.append("\"beer\": \(try beer.report(encoded: encoded ?? []))")
            print("after \(Int((clock.now - start) / .seconds(1))) s")
            fflush(nil)
        }
        print("{\(parts.joined(separator: ", "))}")
    }

    /// A file of `count` vectors in 32-bit floats.
    private static func vectors(at file: URL, count: Int) throws -> Matrix<Float> {
        let bytes = try [UInt8](Data(contentsOf: file))
        guard count > 0, bytes.count % (4 * count) == 0, !bytes.isEmpty else {
            throw EvaluationError.input("\(file.path) does not hold \(count) vectors. Delete it, and run again.")
        }
        let numbers = bytes.withUnsafeBytes { raw in
            (0..<bytes.count / 4).map { Float(bitPattern: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
        }
        return Matrix(rows: count, columns: numbers.count / count, elements: numbers)
    }
}

/// What the bench is asked for.
struct QualityOptions {
    private(set) var data = URL(filePath: "../shared/data")
    private(set) var cache = URL(filePath: NSHomeDirectory() + "/.cache/notestream/bench-quality")
    private(set) var modelPath: String
    private(set) var threads = ProcessInfo.processInfo.activeProcessorCount
    private(set) var isQuick = false
    /// Whether the links that judge are looked at; else those for choosing stand in, so that work on the bench wears out
    /// nothing.
    private(set) var isJudging = false
    /// `travel-links`, `beer` or both.
    private(set) var parts = ["travel-links", "beer"]
    /// Another encoder's vectors of the titles and of the beer notes.
    private(set) var sentences, beerSentences: URL?

    init(_ arguments: [String]) throws {
        modelPath =
            ProcessInfo.processInfo.environment["NOTESTREAM_MODEL"]
            ?? NSHomeDirectory() + "/.cache/notestream/SmolLM2-135M-Instruct.Q4_1.gguf"
        var rest = arguments[...]
        while let option = rest.popFirst() {
            if option == "--quick" {
                isQuick = true
                continue
            }
            if option == "--judge" {
                isJudging = true
                continue
            }
            guard let value = rest.popFirst() else {
                throw EvaluationError.input("\(option) needs a value, or is unknown.")
            }
            switch option {
            case "--data": data = URL(filePath: value)
            case "--cache": cache = URL(filePath: value)
            case "--only": parts = [value]
            case "--travel-sentences": sentences = URL(filePath: value)
            case "--beer-sentences": beerSentences = URL(filePath: value)
            case "--threads":
                guard let count = Int(value), count > 0 else {
                    throw EvaluationError.input("--threads needs a number above 0, not \(value).")
                }
                threads = count
            default: throw EvaluationError.input("There is no option \(option).")
            }
        }
        guard !(isQuick && isJudging) else {
            throw EvaluationError.input("--judge is for whole runs: leave out --quick.")
        }
        guard parts.allSatisfy(["travel-links", "beer"].contains) else {
            throw EvaluationError.input("--only is travel-links or beer, not \(parts[0]).")
        }
    }
}

/// One line on a terminal that says where things stand; nothing in a file.
enum Progress {
    @Sendable static func show(_ step: String, _ done: Int, _ total: Int) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let text = total > 1 ? "\(step): \(done) of \(total)" : step
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
        if done >= total { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
