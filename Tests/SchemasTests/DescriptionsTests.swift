import Foundation
import Support
import Testing

/// Topics/openapi.yaml and Topics/asyncapi.yaml say what the messages and topics.yaml say.
@Suite struct DescriptionsTests {
    @Test(.enabled(if: PythonTools.path != nil, needs)) func agree() throws {
        let checked = try check(GenerationTests.root.appending(path: "Topics"))
        #expect(checked.status == 0, "\(checked.output)")
    }

    private static let needs: Comment = "needs Python packages that Ops/setup --tests installs"

    /// What is forgotten in a document is found; else the test above would show nothing.
    @Test(
        .enabled(if: PythonTools.path != nil, needs),
        arguments: [
            ("events.schema.json", "\"contentHash\"", "\"contentSum\"", "contentSum"),
            ("events.schema.json", "\"retries\"", "\"again\"", "dead-letter-again"),
            ("topics.yaml", "retention: 30d", "retention: 31d", "dead-letters is laid out"),
            ("topics.yaml", "\n  trending:", "\n  trends:", "trends"),
        ])
    func forgotten(file: String, old: String, new: String, told: String) throws {
        let folder = try TemporaryFolder()
        let topics = folder.url.appending(path: "Topics")
        try FileManager.default.copyItem(at: GenerationTests.root.appending(path: "Topics"), to: topics)
        let changed = topics.appending(path: file)
        let text = try String(contentsOf: changed, encoding: .utf8)
        try text.replacing(old, with: new).write(to: changed, atomically: true, encoding: .utf8)
        let checked = try check(topics)
        #expect(checked.status == 1)
        #expect(checked.output.contains(told), "\(checked.output)")
    }

    private func check(_ topics: URL) throws -> (status: Int32, output: String) {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Descriptions.py").path
        return try Python.run([script, topics.path], python: PythonTools.path ?? "")
    }
}
