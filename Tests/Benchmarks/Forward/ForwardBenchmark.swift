import Foundation
import LanguageModel
import Tensors

/// How long one note takes to read behind a shared prefix, and which part of the speed of the same products alone that is.
///
/// The prefix is read once; each note is 70 tokens behind it. The products alone are OpenBLAS calls of the forward's
/// shapes on memory of the same size, in the same run, so that the machine's speed and its other work cancel out.
@main
struct ForwardBenchmark {
    static let rows = 70
    static let rounds = 15

    static func main() throws {
        let cached = NSHomeDirectory() + "/.cache/notestream/SmolLM2-135M-Instruct.Q4_1.gguf"
        let path = ProcessInfo.processInfo.environment["NOTESTREAM_MODEL"] ?? cached
        guard FileManager.default.fileExists(atPath: path) else {
            print("No model at \(path): set NOTESTREAM_MODEL, or run Ops/demo, which fetches it.")
            print("{\"skipped\": true}")
            return
        }
        let opening = ContinuousClock().now
        let model = try LanguageModel(path: path)
        let opened = (ContinuousClock().now - opening) / .seconds(1)
        let shape = model.configuration
        let depth = min(8, shape.layers)
        let prefix = model.tokenizer.encode(
            "Extract the note information in json format, compress it into one word for recommendation, "
                + "and generate the topics of the note. {'title':")
        let note = (0..<rows).map { Int32(1000 + 37 * $0 % 40_000) }
        let scratch = ForwardScratch()
        var cache = model.makeCache(layers: depth)
        let first = try seconds { _ = try model.forward(prefix, cache: &cache, scratch: scratch) }

        var forward = Double.infinity
        var products = Double.infinity
        var bare = try BareProducts(shape, layers: depth, rows: rows, positions: prefix.count + rows)
        for _ in 0..<rounds {
            forward = min(
                forward,
                try seconds {
                    _ = try model.forward(note, cache: &cache, scratch: scratch)
                    cache.truncate(to: prefix.count)
                })
            products = min(products, seconds { bare.run() })
        }
        let rate = bare.operations / products / 1e9
        print("kernels \(BLAS.kernelName), \(depth) layers, \(rows) tokens behind a prefix of \(prefix.count)")
        print("open           \(text(1e3 * opened)) ms, first prefix with its layers expanded \(text(1e3 * first)) ms")
        print("forward        \(text(1e3 * forward)) ms a note, \(text(1 / forward)) notes a second on one core")
        print("products alone \(text(1e3 * products)) ms, \(text(rate)) GFLOPS")

        var decoded = model.makeCache()
        var last = try model.forward(prefix, cache: &decoded, scratch: scratch)
        let steps = 24
        _ = model.logits(last.rows(0..<1))
        let decode = try seconds {
            for token in note.prefix(steps) {
                last = try model.forward([token], cache: &decoded, scratch: scratch)
                _ = model.logits(last)
            }
        }
        print("decode         \(text(Double(steps) / decode)) tokens a second")

        let sample = String(repeating: "Start before seven, carry two litres of water, and turn back. ", count: 2000)
        var tokens = 0
        let tokenise = seconds { tokens = model.tokenizer.encode(sample).count }
        print("tokenise       \(text(Double(sample.utf8.count) / tokenise / 1e6)) MB a second")
        print(
            "{\"forward_ms\": \(text(1e3 * forward)), \"products_ms\": \(text(1e3 * products)), "
                + "\"products_gflops\": \(text(rate)), \"fraction_of_products\": \(text(products / forward)), "
                + "\"decode_tokens_per_s\": \(text(Double(steps) / decode)), "
                + "\"tokenise_tokens_per_s\": \(text(Double(tokens) / tokenise))}")
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try body()
        return (clock.now - start) / .seconds(1)
    }

    static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}

/// The matrix products of a forward pass on weights of its size, and nothing else.
struct BareProducts {
    let shape: ModelConfiguration
    let layers: Int
    let rows: Int
    let positions: Int
    private var weights: [Float]
    private var input: [Float]
    private var output: [Float]

    init(_ shape: ModelConfiguration, layers: Int, rows: Int, positions: Int) throws {
        self.shape = shape
        self.layers = layers
        self.rows = rows
        self.positions = positions
        let perLayer = BareProducts.shapes(shape).reduce(0) { $0 + $1.outputs * $1.inputs }
        weights = (0..<layers * perLayer).map { Float($0 % 7 - 3) / 64 }
        input = (0..<rows * 2 * shape.feedForwardWidth).map { Float($0 % 11 - 5) / 16 }
        output = Array(repeating: 0, count: rows * 2 * shape.feedForwardWidth)
    }

    private static func shapes(_ shape: ModelConfiguration) -> [(outputs: Int, inputs: Int)] {
        [
            (shape.queryWidth + 2 * shape.keyValueWidth, shape.width), (shape.width, shape.queryWidth),
            (2 * shape.feedForwardWidth, shape.width), (shape.width, shape.feedForwardWidth),
        ]
    }

    /// Floating-point operations of ``run()``.
    var operations: Double {
        let linear = BareProducts.shapes(shape).reduce(0) { $0 + $1.outputs * $1.inputs }
        return 2 * Double(layers * rows * linear)
    }

    mutating func run() {
        weights.withUnsafeBufferPointer { weights in
            guard var w = weights.baseAddress else { return }
            for _ in 0..<layers {
                for (outputs, inputs) in BareProducts.shapes(shape) {
                    Float.gemm(
                        .no, .yes, m: rows, n: outputs, k: inputs, alpha: 1, a: input, strideA: inputs, b: w,
                        strideB: inputs, beta: 0, c: &output, strideC: outputs)
                    w += outputs * inputs
                }
            }
        }
    }
}
