import Configuration
import Foundation
import Serving
import Support
import Synchronization
import Testing

@Suite("Event streams of the server", .serialized, .timeLimit(.minutes(4)))
struct StreamingTests {
    private func serve(
        _ change: (inout HTTPServer.Configuration) -> Void = { _ in }, _ make: @escaping @Sendable () -> Lines
    ) throws -> HTTPServer {
        var configuration = HTTPServer.Configuration(address: try #require(ListenAddress("127.0.0.1:0")))
        change(&configuration)
        return try HTTPServer(configuration) { _ in
        } handle: { _ in
            .now(.events(make()))
        }
    }

    private func wait(_ limit: Duration = .seconds(10), _ condition: () -> Bool) -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if condition() { return true }
            usleep(2_000)
        }
        return condition()
    }

    @Test("events come as they are made, in order, and the stream ends when its source does")
    func order() throws {
        let lines = Lines()
        let server = try serve { lines }
        let client = try EventClient(port: server.port, "/")
        #expect(client.waitForHead() == 200)
        #expect(client.head.contains("Content-Type: text/event-stream"))
        #expect(client.head.contains("Cache-Control: no-store"))
        for number in 0..<20_000 { lines.add("data: \(number)\n\n") }
        for number in 0..<20_000 {
            guard let event = client.next() else {
                Issue.record("event \(number) is missing")
                break
            }
            #expect(event.data == String(number))
        }
        lines.finish()
        #expect(client.next() == nil && client.isEnded)
        #expect(wait { lines.isClosed && server.openStreams == 0 })
    }

    @Test("a client that leaves is found out by a heartbeat, and nothing of it is left")
    func vanished() throws {
        let closed = Counter()
        let server = try serve {
            $0.heartbeat = .milliseconds(300)
        } _: {
            Lines { closed.add() }
        }
        // The first stream starts the thread of the heartbeats.
        #expect(try EventClient(port: server.port, "/").waitForHead() == 200)
        let threads = threadCount
        for _ in 0..<200 {
            let client = try EventClient(port: server.port, "/")
            #expect(client.waitForHead() == 200)
        }
        #expect(wait { closed.value == 201 && server.openStreams == 0 && server.connections == 0 })
        #expect(threadCount <= threads)
    }

    @Test("an idle stream outlives the time after which a silent connection is closed")
    func idle() throws {
        let lines = Lines()
        let server = try serve {
            $0.idleSeconds = 1
            $0.heartbeat = .seconds(60)
        } _: {
            lines
        }
        let client = try EventClient(port: server.port, "/")
        #expect(client.waitForHead() == 200)
        usleep(3_000_000)
        lines.add("data: still here\n\n")
        #expect(client.next()?.data == "still here")
    }

    @Test("HEAD opens no stream")
    func head() throws {
        let lines = Lines()
        let server = try serve { lines }
        let answer = try RawAnswer(port: server.port, "HEAD", "/")
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(wait { lines.isClosed && server.openStreams == 0 })
    }

    @Test("stop ends suspended streams and opens no more")
    func stopped() throws {
        let server = try serve { Lines() }
        let clients = try (0..<50).map { _ in try EventClient(port: server.port, "/") }
        for client in clients { #expect(client.waitForHead() == 200) }
        let start = ContinuousClock.now
        server.stop(grace: .seconds(5))
        #expect(ContinuousClock.now - start < .seconds(4))
        for client in clients { #expect(client.next() == nil && client.isEnded) }
    }

    @Test(
        "streams are woken from many threads at once while clients come, read and leave, and the server stops amid it")
    func turmoil() throws {
        let sources = Mutex<[Lines]>([])
        let server = try serve {
            $0.heartbeat = .milliseconds(50)
            $0.connectionLimit = 200
        } _: {
            let lines = Lines()
            sources.withLock { $0.append(lines) }
            return lines
        }
        let port = server.port
        let isOver = Atomic<Bool>(false)
        let done = DispatchGroup()
        for _ in 0..<3 {
            Thread.detachNewThread {
                done.enter()
                var number = 0
                while !isOver.load(ordering: .relaxed) {
                    for lines in sources.withLock({ $0 }) { lines.add("data: \(number)\n\n") }
                    number += 1
                    usleep(500)
                }
                done.leave()
            }
        }
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for round in 0..<40 {
                guard let client = try? EventClient(port: port, "/") else { continue }
                for _ in 0..<(round % 7) { #expect(client.next() != nil) }
            }
        }
        let clients = try (0..<20).map { _ in try EventClient(port: port, "/") }
        for client in clients { #expect(client.next() != nil) }
        server.stop(grace: .seconds(2))
        isOver.store(true, ordering: .relaxed)
        done.wait()
        #expect(wait { sources.withLock { $0.allSatisfy(\.isClosed) } })
    }

    @Test("thousands of idle streams: as many as descriptors allow, each still gets its event")
    func many() throws {
        // The server raises the limit of open files to the system's; both ends of each connection are in this process.
        let room = try serve({ $0.connectionLimit = 100_000 }) { Lines() }.connectionLimit
        let count = min(10_000, (room - 500) / 2)
        let sources = Mutex<[Lines]>([])
        let server = try serve {
            $0.connectionLimit = count + 100
        } _: {
            let lines = Lines()
            sources.withLock { $0.append(lines) }
            return lines
        }
        let before = residentBytes
        var clients: [EventClient] = []
        for _ in 0..<count {
            let client = try EventClient(port: server.port, "/")
            guard client.waitForHead() == 200 else { break }
            clients.append(client)
        }
        #expect(clients.count == count)
        #expect(wait { server.openStreams == count })
        let each = (residentBytes - before) / count
        print("\(count) idle streams, \(each) bytes of resident memory each, clients included")
        #expect(each < 40_000)
        for lines in sources.withLock({ $0 }) { lines.add("data: here\n\n") }
        for client in clients { #expect(client.next(within: .seconds(20))?.data == "here") }
        clients = []
        server.stop(grace: .seconds(5))
    }

    private var threadCount: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))?.count ?? 0
    }

    private var residentBytes: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (fields.dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
    }
}

/// Sends the text that it is given.
final class Lines: EventSource {
    private struct State {
        var text: [UInt8] = []
        var isFinished = false
        var isClosed = false
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let onClose: @Sendable () -> Void

    init(onClose: @escaping @Sendable () -> Void = {}) { self.onClose = onClose }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func add(_ text: String) {
        let wake = state.withLock { state in
            if !state.isClosed { state.text += Array(text.utf8) }
            return state.wake
        }
        wake?()
    }

    func finish() {
        let wake = state.withLock { state in
            state.isFinished = true
            return state.wake
        }
        wake?()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        state.withLock { state in
            if state.text.isEmpty { return state.isFinished ? nil : 0 }
            let count = min(buffer.count, state.text.count)
            buffer.copyBytes(from: state.text[..<count])
            state.text.removeFirst(count)
            return count
        }
    }

    func onWake(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    func close() {
        state.withLock { $0.isClosed = true }
        onClose()
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .acquiring) }
    func add() { count.add(1, ordering: .acquiringAndReleasing) }
}
