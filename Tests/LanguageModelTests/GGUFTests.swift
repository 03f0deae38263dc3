import Foundation
import LanguageModel
import Support
import Testing

@Suite struct GGUFTests {
    private func kind(_ body: () throws -> Void) -> LanguageModelError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? LanguageModelError)?.kind
        }
    }

    @Test(arguments: ForwardTests.types) func tensorsAreExpandedByTheFormulas(_ type: GGUFTensorType) throws {
        let tiny = TinyModel(seed: 31, matrixType: type)
        let gguf = try GGUF(contents: tiny.file.bytes(), name: "tiny")
        for (name, expected) in tiny.weights {
            let found = try #require(gguf.values(of: name + ".weight"))
            #expect(found.count == expected.count)
            #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 1e-6 * max(abs($1), 0.1) })
        }
        #expect(gguf.values(of: "nothing") == nil)
        #expect(gguf.metadata["llama.block_count"] == .integer(Int64(TinyModel.layers)))
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = TinyModel(seed: 32, matrixType: .q4WithMinimum).file.bytes()
        #expect(kind { _ = try LanguageModel(GGUF(contents: bytes, name: "whole")) } == nil)
        var random = SeededGenerator(seed: 1)
        let lengths = Array(0..<300) + (0..<700).map { _ in Int.random(in: 300..<bytes.count - 31, using: &random) }
        for length in lengths {
            #expect(kind { _ = try GGUF(contents: Array(bytes.prefix(length)), name: "cut") } != nil, "at \(length)")
        }
    }

    @Test func noMutationCrashes() throws {
        let whole = TinyModel(seed: 33, matrixType: .q8WithScale).file.bytes()
        let headerSize = 12_000
        var random = SeededGenerator(seed: 2)
        var opened = 0
        for _ in 0..<1_500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<headerSize, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = .random(in: 0...255, using: &random)
                case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 2: for i in at..<at + 8 { bytes[i] = 0xFF }
                default: bytes.removeSubrange(at..<at + Int.random(in: 1...9, using: &random))
                }
            }
            do {
                let model = try LanguageModel(GGUF(contents: bytes, name: "mutated"))
                var cache = model.makeCache()
                _ = try model.forward(model.tokenizer.encode("abcd x"), cache: &cache, scratch: ForwardScratch())
                opened += 1
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
        #expect(opened > 0 && opened < 1_500)
    }

    @Test func whatWouldGiveWrongNumbersIsRefused() throws {
        func change(_ body: (inout GGUFBytes) -> Void) -> LanguageModelError.Kind? {
            var file = TinyModel(seed: 34, matrixType: .f32).file
            body(&file)
            return kind { _ = try LanguageModel(GGUF(contents: file.bytes(), name: "changed")) }
        }
        #expect(change { _ in } == nil)
        #expect(change { $0.metadata("llama.rope.scaling.type", "linear") } == .unsupported)
        #expect(change { $0.metadata("llama.rope.dimension_count", UInt32(8)) } == .unsupported)
        #expect(change { $0.metadata("llama.block_count", UInt32(3)) } == .malformed)  // stands there twice
        #expect(
            change { $0.tensor("blk.0.attn_q.bias", extents: [64], .f32, Array(repeating: 0, count: 256)) }
                == .unsupported)
        #expect(
            change { $0.tensor("rope_freqs.weight", extents: [8], .f32, Array(repeating: 0, count: 32)) }
                == .unsupported)
    }

    @Test func filesThatAreNone() throws {
        let folder = try TemporaryFolder()
        #expect(kind { _ = try GGUF(path: folder.path + "/absent") } == .unreadable)
        #expect(kind { _ = try GGUF(path: folder.path) } == .unreadable)
        let file = folder.url.appending(path: "file")
        try Data().write(to: file)
        #expect(kind { _ = try GGUF(path: file.path) } == .malformed)
        try Data("GGML and more than this".utf8).write(to: file)
        #expect(kind { _ = try GGUF(path: file.path) } == .unsupported)
        try Data(TinyModel(seed: 35, matrixType: .f16).file.bytes()).write(to: file)
        #expect(try LanguageModel(path: file.path).configuration.heads == TinyModel.heads)
        let message = "\(LanguageModelError(.malformed, "words"))"
        #expect(message == "words")
    }
}
