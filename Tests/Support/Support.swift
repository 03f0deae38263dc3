import Foundation

/// Real data and golden values that lie beside the checkout, read in place and never copied in.
public enum SharedData {
    /// `NOTESTREAM_SHARED`, else the folder `shared` beside the checkout; nil when there is none.
    public static let folder: URL? = {
        let environment = ProcessInfo.processInfo.environment["NOTESTREAM_SHARED"]
        let beside = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared")
            .standardizedFileURL
        let url = environment.map { URL(filePath: $0) } ?? beside
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }()

    /// The beer log: `notes.jsonl` and `events.tsv`.
    public static let beer: URL? = existing("data/beer")

    /// A golden file by name.
    public static func golden(_ name: String) -> URL? { existing("golden/" + name) }

    private static func existing(_ path: String) -> URL? {
        guard let url = folder?.appending(path: path), FileManager.default.fileExists(atPath: url.path) else {
            return nil
        }
        return url
    }
}

/// The base language model's file.
public enum BaseModel {
    /// `NOTESTREAM_MODEL`, else the cached download; nil when neither is there.
    public static let path: String? = {
        let cached = NSHomeDirectory() + "/.cache/notestream/SmolLM2-135M-Instruct.Q4_1.gguf"
        let path = ProcessInfo.processInfo.environment["NOTESTREAM_MODEL"] ?? cached
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()
}

/// Python with the packages that tests use, which `Ops/setup --tests` installs.
public enum PythonTools {
    /// The interpreter; nil when it is not there.
    public static let path: String? = {
        let cache = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        let path = cache + "/notestream/python-tools/bin/python"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()
}

/// A folder of a test's own, removed with it.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let url: URL
    /// Where it is, as a path.
    public var path: String { url.path }

    /// Makes it in the system's temporary folder.
    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "notestream-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// SplitMix64: small, seeded, the same on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Equal seeds give equal sequences.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension Process {
    /// Runs to its end. `waitUntilExit` turns the run loop of whichever thread calls it, and is known to wait for ever at
    /// times where that is a thread of the pool, as in tests.
    public func runToEnd() throws {
        let ended = DispatchSemaphore(value: 0)
        terminationHandler = { _ in ended.signal() }
        try run()
        ended.wait()
    }

    /// Runs to its end, and answers all that it writes, errors among the rest.
    public func outputOfRun() throws -> String {
        let pipe = Pipe()
        standardOutput = pipe
        standardError = pipe
        let ended = DispatchSemaphore(value: 0)
        terminationHandler = { _ in ended.signal() }
        try run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        ended.wait()
        return String(decoding: output, as: UTF8.self)
    }
}
