import Configuration
import EventLog
import Foundation
import Pipeline
import Serving
import Support
import Synchronization
import Testing

/// What becomes of notes that come over HTTP while nobody takes them.
@Suite("Notes and a broker that is away", .timeLimit(.minutes(1)))
struct NotePublisherTests {
    private let patience = Duration.seconds(1)

    private func publisher() throws -> NotePublisher {
        NotePublisher(
            client: ClientSettings(bootstrapServers: "127.0.0.1:1"),
            topics: Topics(prefix: "", catalog: try TopicCatalog.load(environment: [:])), patience: patience)
    }

    @Test("those who waited while one tried in vain are told with it; who comes later tries anew")
    func together() throws {
        let publisher = try publisher()
        let failures = Failures()
        let start = ContinuousClock.now
        let ended = DispatchGroup()
        for _ in 0..<4 {
            ended.enter()
            let thread = Thread {
                failures.note { _ = try publisher.publish(Array(#"{"title": "a"}"#.utf8)) }
                ended.leave()
            }
            thread.start()
        }
        ended.wait()
        let first = ContinuousClock.now - start
        #expect(first >= patience && first < patience * 3)
        failures.note { _ = try publisher.publish(Array(#"{"title": "a"}"#.utf8)) }
        #expect(ContinuousClock.now - start >= first + patience)
        let said = failures.said
        #expect(said.count == 5)
        #expect(said.allSatisfy { $0.contains("503") && $0.contains("The broker did not take the note") })
    }
}

/// What went wrong, on any thread.
private final class Failures: Sendable {
    private let errors = Mutex<[String]>([])

    var said: [String] { errors.withLock { $0 } }

    func note(_ body: () throws -> Void) {
        do { try body() } catch { errors.withLock { $0.append("\(error)") } }
    }
}
