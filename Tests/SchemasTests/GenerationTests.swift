import Foundation
import Support
import Testing

/// The committed Swift and JSON schemas are what the generator makes of Topics/.
@Suite struct GenerationTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    static let needs: Comment = "needs protoc and python3-protobuf (apt-get install protobuf-compiler python3-protobuf)"

    static let isPossible: Bool = {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc") else { return false }
        return (try? Python.run(["-c", "import google.protobuf"]).status) == 0
    }()

    @Test(.enabled(if: isPossible, needs)) func committedFilesAreCurrent() throws {
        let folder = try TemporaryFolder()
        let generator = Self.root.appending(path: "Topics/generate").path
        let run = try Python.run([generator, "--into", folder.path])
        #expect(run.status == 0, "\(run.output)")
        let schemas = "Topics/events.schema.json"
        #expect(
            try String(contentsOf: folder.url.appending(path: schemas), encoding: .utf8)
                == String(contentsOf: Self.root.appending(path: schemas), encoding: .utf8),
            "\(schemas) is not what Topics/ says; run Topics/generate")
        for path in ["Sources/Schemas/Generated", "Sources/Configuration/Generated"] {
            let made = try files(folder.url.appending(path: path))
            let committed = try files(Self.root.appending(path: path))
            #expect(made.keys.sorted() == committed.keys.sorted())
            for (name, text) in made {
                #expect(committed[name] == text, "\(path)/\(name) is not what Topics/ says; run Topics/generate")
            }
        }
    }

    private func files(_ folder: URL) throws -> [String: String] {
        var files: [String: String] = [:]
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            files[file.lastPathComponent] = try String(contentsOf: file, encoding: .utf8)
        }
        return files
    }
}

/// The system's Python, which Debian's python3-protobuf serves.
enum Python {
    static func run(
        _ arguments: [String], python: String = "/usr/bin/python3"
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = arguments
        let output = try process.outputOfRun()
        return (process.terminationStatus, output)
    }
}
