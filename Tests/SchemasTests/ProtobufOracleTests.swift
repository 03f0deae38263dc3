import Foundation
import Schemas
import Support
import Testing

/// Both forms against Google's implementation. What is read here is read there, as the same message; the converse does
/// not hold, since this codec is the stricter one.
@Suite struct ProtobufOracleTests {
    private struct Case {
        var message: any RandomMessage
        var contentType: ContentType
        var bytes: [UInt8]
        var isMutated = false
    }

    @Test(.enabled(if: GenerationTests.isPossible, GenerationTests.needs)) func messages() throws {
        var source = SeededGenerator(seed: 400)
        var cases: [Case] = []
        for _ in 0..<100 {
            for type in randomMessages {
                let message = type.random(&source)
                for contentType in ContentType.allCases {
                    cases.append(
                        Case(message: message, contentType: contentType, bytes: try message.encode(as: contentType)))
                }
            }
        }
        try check(cases)
    }

    @Test(.enabled(if: GenerationTests.isPossible, GenerationTests.needs)) func mutatedMessages() throws {
        var source = SeededGenerator(seed: 500)
        var cases: [Case] = []
        for _ in 0..<400 {
            for type in randomMessages {
                for contentType in ContentType.allCases {
                    let bytes = mutated(try type.random(&source).encode(as: contentType), &source)
                    guard let message = try? type.decode(bytes, contentType: contentType) else { continue }
                    cases.append(Case(message: message, contentType: contentType, bytes: bytes, isMutated: true))
                }
            }
        }
        #expect(cases.count > 500)
        try check(cases)
    }

    private func check(_ cases: [Case]) throws {
        let folder = try TemporaryFolder()
        let descriptors = folder.url.appending(path: "descriptors"), input = folder.url.appending(path: "input")
        try describe(into: descriptors.path)
        let lines = cases.map { test in
            "\(type(of: test.message)) \(test.contentType) \(Data(test.bytes).base64EncodedString())\n"
        }
        try lines.joined().write(to: input, atomically: true, encoding: .utf8)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ProtobufOracle.py").path
        let run = try Python.run([script, descriptors.path, input.path])
        try #require(run.status == 0, "\(run.output.suffix(2000))")
        let answers = run.output.split(separator: "\n")
        try #require(answers.count == cases.count, "\(run.output.suffix(2000))")
        for (answer, test) in zip(answers, cases) { try compare(answer, test.message, test) }
    }

    private func compare<Payload: RandomMessage>(_ answer: Substring, _ message: Payload, _ test: Case) throws {
        let parts = answer.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let json = Data(base64Encoded: parts[0]), let binary = Data(base64Encoded: parts[1])
        else {
            Issue.record("\(answer): \(String(decoding: test.bytes, as: UTF8.self))")
            return
        }
        // Python reads the JSON number `-0`, which a mutation may write, as 0: equal, if not in every bit.
        #expect(try Payload(protobuf: Array(binary)) == message)
        #expect(try Payload(json: Array(json)) == message)
        if !test.isMutated { #expect(try exact(message) == Array(binary)) }
    }

    private func describe(into path: String) throws {
        let topics = GenerationTests.root.appending(path: "Topics")
        let protos = try FileManager.default.contentsOfDirectory(atPath: topics.path).filter { $0.hasSuffix(".proto") }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/protoc")
        process.arguments =
            ["--proto_path=\(topics.path)", "--include_imports", "--descriptor_set_out=\(path)"] + protos
        try process.runToEnd()
        try #require(process.terminationStatus == 0)
    }
}
