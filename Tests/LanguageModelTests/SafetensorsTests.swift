import Foundation
import LanguageModel
import Support
import Tensors
import Testing

@Suite struct SafetensorsTests {
    static let sample = Safetensors(
        tensors: [
            "projection": .init(Matrix<Float>([[1, -2.5, 3], [.pi, 0, -0.0]])), "mean": .init([0.5]),
            "empty": .init(shape: [0, 4], values: []), "number": .init(shape: [], values: [7]),
        ],
        metadata: ["manifest": "{\"quoted\": \"ü\\n\"}\n\u{1}", "": "empty key"])

    @Test func roundTrip() throws {
        let bytes = Self.sample.encoded()
        let read = try Safetensors(contents: bytes, name: "sample")
        #expect(read == Self.sample)
        #expect(read.encoded() == bytes)
        #expect(read.tensors["projection"]?.matrix?[1, 0] == .pi)
        #expect(read.tensors["mean"]?.matrix == nil)
        #expect(try Safetensors(contents: Safetensors().encoded(), name: "none") == Safetensors())
    }

    @Test func theLayoutIsTheFormats() throws {
        let bytes = Safetensors(tensors: ["b": .init([1]), "a": .init([2, 3])], metadata: ["k": "v"]).encoded()
        let size = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = String(decoding: bytes[8..<8 + size], as: UTF8.self)
        #expect(size % 8 == 0)
        #expect(
            header.trimmingCharacters(in: .whitespaces)
                == #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
                + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#)
        #expect(Array(bytes.suffix(4)) == [0, 0, 0x80, 0x3F])
    }

    @Test func everyTruncationIsRefused() {
        let bytes = Self.sample.encoded()
        for length in 0..<bytes.count {
            #expect(throws: LanguageModelError.self) {
                try Safetensors(contents: Array(bytes.prefix(length)), name: "cut")
            }
        }
        #expect(throws: LanguageModelError.self) { try Safetensors(contents: bytes + [0], name: "long") }
    }

    @Test func noMutationCrashes() {
        let whole = Self.sample.encoded()
        var random = SeededGenerator(seed: 3)
        for _ in 0..<5_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            do {
                _ = try Safetensors(contents: bytes, name: "mutated")
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }

    @Test(arguments: [
        #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,-4]}}"#,
        #"{"__metadata__":{"a":1}}"#, #"[]"#, #""#, #"{"a":"#,
    ])
    func contradictionsAreRefused(_ header: String) {
        var bytes: [UInt8] = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]
        bytes += Array(header.utf8) + [0, 0, 0, 0]
        #expect(throws: LanguageModelError.self) { try Safetensors(contents: bytes, name: "bad") }
    }
}
