import Foundation
import LanguageModel
import Support
import Tensors
import Testing

/// The base model, opened once for all tests.
enum Base {
    static let model: LanguageModel? = BaseModel.path.flatMap { try? LanguageModel(path: $0) }
}

struct GoldenPrompt: Decodable, Sendable, CustomTestStringConvertible {
    struct Candidate: Decodable, Sendable { let id: Int32, token: String, logprob: Double }
    var testDescription: String { text }

    let text: String
    let ids: [Int32]
    let lastHiddenFirst16: [Double]
    let lastHiddenNorm: Double
    let residualLastNorm: [String: Double]
    let residualFirstTokenAbsmax: [String: Double]
    let top5: [Candidate]

    static let all: [GoldenPrompt] = {
        struct File: Decodable { let prompts: [GoldenPrompt] }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let url = SharedData.golden("smollm2-135m.json"), let data = try? Data(contentsOf: url),
            let file = try? decoder.decode(File.self, from: data)
        else { return [] }
        return file.prompts
    }()
}

@Suite(.enabled(if: Base.model != nil && !GoldenPrompt.all.isEmpty, "needs the base model and ../shared/golden"))
struct GoldenTests {
    @Test(arguments: GoldenPrompt.all) func promptsReproduceTheGoldenNumbers(_ golden: GoldenPrompt) throws {
        let model = try #require(Base.model)
        let ids = model.tokenizer.encode(golden.text)
        #expect(ids == golden.ids)
        #expect(String(decoding: model.tokenizer.decode(ids), as: UTF8.self) == golden.text)

        let scratch = ForwardScratch()
        for (layers, expected) in golden.residualLastNorm {
            let depth: Int = try #require(Int(layers))
            var cache = model.makeCache(layers: depth)
            let residual = try model.forward(golden.ids, cache: &cache, scratch: scratch)
            #expect(abs(Double(Vector.norm(residual.row(residual.rows - 1))) - expected) < 1e-3 * max(1, expected))
            if let peak = golden.residualFirstTokenAbsmax[layers] {
                let found = residual.row(0).map { abs($0) }.max() ?? 0
                #expect(abs(Double(found) - peak) < 1e-3 * peak + 0.05)
            }
        }

        var cache = model.makeCache()
        let residual = try model.forward(golden.ids, cache: &cache, scratch: scratch)
        let last = residual.rows(residual.rows - 1..<residual.rows)
        let hidden = model.normalised(last).row(0)
        #expect(abs(Double(Vector.norm(hidden)) - golden.lastHiddenNorm) < 1e-3)
        for (found, expected) in zip(hidden, golden.lastHiddenFirst16) {
            #expect(abs(Double(found) - expected) < 1e-3)
        }
        let probabilities = model.logProbabilities(last)
        for candidate in golden.top5 {
            #expect(abs(Double(probabilities[0, Int(candidate.id)]) - candidate.logprob) < 1e-3)
            let token = model.tokenizer.decode([candidate.id])
            #expect(String(decoding: token, as: UTF8.self) == candidate.token)
        }
        let likeliest = golden.top5[0].id
        #expect(Sampler.greedyChoice(model.logits(last).elements) == likeliest)
    }
}

extension Sampler {
    static func greedyChoice(_ logits: [Float]) -> Int32 {
        var sampler = Sampler.greedy
        return sampler.choose(logits)
    }
}
