import Foundation
import Schemas
import Support
import Testing

/// Both forms against Google's implementation, in both directions.
@Suite struct ProtobufOracleTests {
    @Test(.enabled(if: GenerationTests.isPossible, GenerationTests.needs)) func agreesWithPython() throws {
        let folder = try TemporaryFolder()
        let descriptors = folder.url.appending(path: "descriptors").path
        try describe(into: descriptors)

        var source = SeededGenerator(seed: 400)
        var lines = "", expected: [any RandomMessage] = []
        for _ in 0..<150 {
            for type in randomMessages {
                let message = type.random(&source)
                let json = Data(try message.encode(as: .json)).base64EncodedString()
                let binary = Data(try message.encode(as: .protobuf)).base64EncodedString()
                lines += "\(type) \(json) \(binary)\n"
                expected.append(message)
            }
        }
        let input = folder.url.appending(path: "input")
        try lines.write(to: input, atomically: true, encoding: .utf8)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ProtobufOracle.py").path
        let run = try Python.run([script, descriptors, input.path])
        try #require(run.status == 0, "\(run.output)")

        let answers = run.output.split(separator: "\n")
        try #require(answers.count == expected.count, "\(run.output.suffix(2000))")
        for (answer, message) in zip(answers, expected) { try check(answer, message) }
    }

    private func check<Payload: RandomMessage>(_ answer: Substring, _ message: Payload) throws {
        let parts = answer.split(separator: " ").map(String.init)
        try #require(parts.count == 2 || parts.first != "differ", "\(answer)")
        let json = Array(Data(base64Encoded: parts[0]) ?? Data())
        let binary = Array(Data(base64Encoded: parts.count > 1 ? parts[1] : "") ?? Data())
        #expect(try exact(Payload(protobuf: binary)) == exact(message))
        #expect(try exact(Payload(json: json)) == exact(message))
        #expect(try message.encode(as: .protobuf) == binary)
    }

    private func describe(into path: String) throws {
        let topics = GenerationTests.root.appending(path: "Topics")
        let protos = try FileManager.default.contentsOfDirectory(atPath: topics.path).filter { $0.hasSuffix(".proto") }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/protoc")
        process.arguments =
            ["--proto_path=\(topics.path)", "--include_imports", "--descriptor_set_out=\(path)"] + protos
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
