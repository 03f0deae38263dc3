import Foundation
import Support

/// The program under test, run as its users run it: a process of its own.
enum Binary {
    /// `NOTESTREAM_BINARY`, else the one built beside the tests; nil where there is none.
    static let path: String? = {
        if let given = ProcessInfo.processInfo.environment["NOTESTREAM_BINARY"] { return given }
        guard let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        let path = URL(filePath: tests).deletingLastPathComponent().appending(path: "notestream").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// What a command left behind.
    struct Finished {
        var exit: Int32
        var output: String
        var errors: String

        /// Its output, line by line.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// Runs a command to its end.
    static func run(
        _ arguments: [String], _ environment: [String: String] = [:], program: String? = Binary.path
    ) throws -> Finished {
        let running = try Running(arguments, environment, program: program)
        running.waitUntilExit()
        return Finished(
            exit: running.process.terminationStatus, output: try running.output(), errors: try running.errors())
    }

    /// A process whose output goes into files, so that no full pipe ever holds it up.
    final class Running {
        let process = Process()
        private let ended = DispatchGroup()
        private let folder = try? TemporaryFolder()

        init(_ arguments: [String], _ environment: [String: String], program: String? = Binary.path) throws {
            guard let path = program else { throw IntegrationError("there is no notestream binary") }
            guard let folder else { throw IntegrationError("no temporary folder could be made") }
            process.executableURL = URL(filePath: path)
            process.arguments = arguments
            // Settings of whoever runs the tests are not the tests'.
            let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("NOTESTREAM_") }
            process.environment = inherited.merging(environment) { _, own in own }
            for name in ["output", "errors"] {
                try Data().write(to: folder.url.appending(path: name))
            }
            process.standardInput = FileHandle.nullDevice
            let output = try FileHandle(forWritingTo: folder.url.appending(path: "output"))
            let errors = try FileHandle(forWritingTo: folder.url.appending(path: "errors"))
            // The child has its own; a `Process` keeps ours, and after some hundred of them Foundation hears of no end any
            // more, since it listens with select.
            defer {
                try? output.close()
                try? errors.close()
            }
            process.standardOutput = output
            process.standardError = errors
            ended.enter()
            process.terminationHandler = { [ended] _ in ended.leave() }
            do { try process.run() } catch {
                ended.leave()
                throw error
            }
        }

        /// Not Foundation's own, which turns the calling thread's run loop: see `Process.runToEnd`.
        func waitUntilExit() { ended.wait() }

        func output() throws -> String { try text("output") }
        func errors() throws -> String { try text("errors") }

        func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

        private func text(_ name: String) throws -> String {
            // The folder goes with the last reference to it, which may be this call's.
            try withExtendedLifetime(folder) {
                guard let file = folder?.url.appending(path: name) else { return "" }
                return String(decoding: try Data(contentsOf: file), as: UTF8.self)
            }
        }

        deinit { if process.isRunning { send(SIGKILL) } }
    }
}

/// A test could not be carried out.
struct IntegrationError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// Asks again and again until the answer is yes; false when time runs out.
func wait(_ timeout: Duration, pause: Duration = .milliseconds(50), until condition: () throws -> Bool) rethrows -> Bool
{
    let end = ContinuousClock.now + timeout
    while ContinuousClock.now < end {
        if try condition() { return true }
        Thread.sleep(forTimeInterval: pause / .seconds(1))
    }
    return try condition()
}
