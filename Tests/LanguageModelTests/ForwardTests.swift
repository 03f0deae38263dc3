import Foundation
import LanguageModel
import Support
import Synchronization
import Tensors
import Testing

/// ‖a − b‖ / ‖b‖.
func relativeError(_ a: [Float], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
}

func relativeError(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Double {
    relativeError(a.elements, b.elements.map(Double.init))
}

@Suite struct ForwardTests {
    static let types: [GGUFTensorType] = [.f32, .f16, .q4WithScale, .q4WithMinimum, .q8WithScale]

    static func tokens(_ count: Int, _ random: inout SeededGenerator) -> [Int32] {
        (0..<count).map { _ in Int32.random(in: 0..<300, using: &random) }
    }

    @Test(arguments: types) func equalsThePlainForward(_ type: GGUFTensorType) throws {
        var random = SeededGenerator(seed: 7)
        let tiny = TinyModel(seed: 11 + UInt64(type.rawValue), matrixType: type, tied: type != .f16)
        let model = try tiny.open()
        let scratch = ForwardScratch()
        for count in [1, 2, 9, 33] {
            let tokens = Self.tokens(count, &random)
            for layers in 0...TinyModel.layers {
                let plain = PlainForward(weights: tiny.weights, layers: layers)
                let expected = plain.residual(tokens)
                var cache = model.makeCache(layers: layers, capacity: 4)
                let residual = try model.forward(tokens, cache: &cache, scratch: scratch)
                #expect(relativeError(residual.elements, Array(expected.joined())) < 2e-5)
                #expect(cache.count == count)
                guard layers == TinyModel.layers else { continue }
                let last = residual.rows(count - 1..<count)
                let logits = plain.logits(expected[count - 1])
                #expect(relativeError(model.logits(last).elements, logits) < 2e-5)
                #expect(relativeError(model.logits(residual).row(count - 1), logits) < 2e-5)
                let total = log(logits.reduce(0) { $0 + exp($1) })
                for (found, logit) in zip(model.logProbabilities(last).elements, logits) {
                    #expect(abs(Double(found) - (logit - total)) < 1e-4)
                }
            }
        }
    }

    @Test func readingInPartsEqualsReadingAtOnce() throws {
        var random = SeededGenerator(seed: 8)
        let model = try TinyModel(seed: 2, matrixType: .q8WithScale).open()
        let scratch = ForwardScratch()
        for _ in 0..<20 {
            let tokens = Self.tokens(Int.random(in: 2...60, using: &random), &random)
            var whole = model.makeCache()
            let expected = try model.forward(tokens, cache: &whole, scratch: scratch)
            var parts = model.makeCache(capacity: 1)
            var found: [Float] = []
            var at = 0
            while at < tokens.count {
                // Parts of one token are decoding; longer ones are a prefix and what follows.
                let end = min(
                    tokens.count, at + (Bool.random(using: &random) ? 1 : Int.random(in: 1...20, using: &random)))
                found += try model.forward(Array(tokens[at..<end]), cache: &parts, scratch: scratch).elements
                at = end
            }
            #expect(relativeError(found, expected.elements.map(Double.init)) < 1e-5)
        }
    }

    @Test func aTruncatedCacheForgets() throws {
        var random = SeededGenerator(seed: 9)
        let model = try TinyModel(seed: 3, matrixType: .q4WithMinimum).open()
        let scratch = ForwardScratch()
        let prefix = Self.tokens(11, &random)
        let note = Self.tokens(17, &random)
        var fresh = model.makeCache(layers: 2)
        _ = try model.forward(prefix, cache: &fresh, scratch: scratch)
        let shared = fresh
        let expected = try model.forward(note, cache: &fresh, scratch: scratch)

        // Other notes before it, of other lengths, leave no trace in its bits.
        var reused = shared
        for count in [40, 3, 1, 90] {
            _ = try model.forward(Self.tokens(count, &random), cache: &reused, scratch: scratch)
            reused.truncate(to: prefix.count)
        }
        let reusedResult = try model.forward(note, cache: &reused, scratch: scratch)
        #expect(reusedResult == expected)

        // A copy goes its own way; the original still holds the prefix alone.
        #expect(shared.count == prefix.count)
        var copy = shared
        let copyResult = try model.forward(note, cache: &copy, scratch: ForwardScratch())
        #expect(copyResult == expected)
    }

    @Test func threadsShareAModel() throws {
        var random = SeededGenerator(seed: 10)
        let tiny = TinyModel(seed: 4, matrixType: .q4WithScale)
        let notes = (0..<8).map { _ in Self.tokens(25, &random) }
        @Sendable func read(_ model: LanguageModel) throws -> [Matrix<Float>] {
            let scratch = ForwardScratch()
            return try notes.map {
                var cache = model.makeCache()
                return model.logits(try model.forward($0, cache: &cache, scratch: scratch))
            }
        }
        let expected = try read(tiny.open())
        for _ in 0..<10 {
            let model = try tiny.open()  // its layers are expanded by whichever thread comes first
            let agreed = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                if (try? read(model)) == expected { agreed.withLock { $0 += 1 } }
            }
            #expect(agreed.withLock { $0 } == 4)
        }
    }

    @Test func wrongInputIsRefusedAndLeavesTheCache() throws {
        let model = try TinyModel(seed: 5, matrixType: .f32).open()
        let scratch = ForwardScratch()
        var cache = model.makeCache(layers: 1)
        func kind(_ tokens: [Int32]) -> LanguageModelError.Kind? {
            do {
                _ = try model.forward(tokens, cache: &cache, scratch: scratch)
                return nil
            } catch {
                return error.kind
            }
        }
        #expect(kind([1, -1]) == .tokenOutOfRange)
        #expect(kind([1, 100_000]) == .tokenOutOfRange)
        #expect(kind(Array(repeating: 1, count: TinyModel.context + 1)) == .contextFull)
        #expect(cache.count == 0)
        #expect(kind([]) == nil)
        #expect(kind(Array(repeating: 1, count: TinyModel.context)) == nil)
        #expect(kind([1]) == .contextFull)
        var shallow = model.makeCache(layers: 1)
        #expect(throws: LanguageModelError.self) {
            try model.generate([1], cache: &shallow, scratch: scratch, limit: 1)
        }
    }

    @Test func writingOnFollowsTheLikeliestToken() throws {
        let model = try TinyModel(seed: 6, matrixType: .f32).open()
        let scratch = ForwardScratch()
        var cache = model.makeCache()
        let written = try model.generate([5, 6, 7], cache: &cache, scratch: scratch, limit: 12)
        var tokens: [Int32] = [5, 6, 7]
        for token in written {
            var whole = model.makeCache()
            let residual = try model.forward(tokens, cache: &whole, scratch: scratch)
            #expect(
                Sampler.greedyChoice(model.logits(residual.rows(tokens.count - 1..<tokens.count)).elements) == token)
            tokens.append(token)
        }
        #expect(written.count == 12 || written.count < 12 && cache.count == 3 + written.count)
        cache.truncate(to: 0)
        let sampler = Sampler(temperature: 1.5, topK: 30, seed: 1)
        let drawn = try model.generate([5], cache: &cache, scratch: scratch, limit: 9, sampler: sampler)
        cache.truncate(to: 0)
        let again = try model.generate([5], cache: &cache, scratch: scratch, limit: 9, sampler: sampler)
        #expect(again == drawn)
        cache.truncate(to: 0)
        let stop = written[0]
        let none = try model.generate([5, 6, 7], cache: &cache, scratch: scratch, limit: 9) { $0 == stop }
        #expect(none.isEmpty)
    }
}

@Suite(.enabled(if: Base.model != nil, "needs the base model"))
struct BaseModelForwardTests {
    @Test func aSharedPrefixEqualsTheWhole() throws {
        let model = try #require(Base.model)
        let scratch = ForwardScratch()
        let prefix = model.tokenizer.encode(
            "Extract the note information in json format, compress it into one word for recommendation, and generate "
                + "the topics of the note. {'title':")
        let notes = [
            " 'Three quiet trails near the lake,'content': 'Start before seven, carry two litres of water.",
            " 'Brewing with wild yeast", " '☕",
        ].map { model.tokenizer.encode($0) }
        var shared = model.makeCache(layers: 8)
        _ = try model.forward(prefix, cache: &shared, scratch: scratch)
        for note in notes {
            var whole = model.makeCache(layers: 8)
            let all = try model.forward(prefix + note, cache: &whole, scratch: scratch)
            let expected = all.rows(prefix.count..<prefix.count + note.count)
            let found = try model.forward(note, cache: &shared, scratch: scratch)
            shared.truncate(to: prefix.count)
            #expect(relativeError(found, expected) < 1e-4)
        }
    }

    @Test func decodingEqualsPrefillOverAllLayers() throws {
        let model = try #require(Base.model)
        let scratch = ForwardScratch()
        let tokens = model.tokenizer.encode("The capital of France is Paris, and the capital of Italy is")
        var whole = model.makeCache()
        let expected = model.logProbabilities(try model.forward(tokens, cache: &whole, scratch: scratch))
        var cache = model.makeCache()
        for (row, token) in tokens.enumerated() {
            let residual = try model.forward([token], cache: &cache, scratch: scratch)
            let found = model.logProbabilities(residual)
            #expect(zip(found.elements, expected.row(row)).allSatisfy { abs($0 - $1) < 1e-3 })
        }
        cache.truncate(to: 0)
        let written = try model.generate(tokens, cache: &cache, scratch: scratch, limit: 1)
        #expect(String(decoding: model.tokenizer.decode(written), as: UTF8.self) == " Rome")
    }

    @Test func threadsGiveEqualBits() throws {
        let model = try #require(Base.model)
        let tokens = model.tokenizer.encode("A note about sour beer, barrels and patience.")
        @Sendable func read() throws -> Matrix<Float> {
            var cache = model.makeCache(layers: 8)
            return try model.forward(tokens, cache: &cache, scratch: ForwardScratch())
        }
        let expected = try read()
        let agreed = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            if (try? read()) == expected { agreed.withLock { $0 += 1 } }
        }
        #expect(agreed.withLock { $0 } == 4)
    }
}
