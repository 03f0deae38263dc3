import Configuration
import Foundation
import Serving
import Support
import Synchronization
import Testing

@Suite("Requests that wait", .serialized, .timeLimit(.minutes(2)))
struct WaitingTests {
    /// Handlers of `/wait` stand at the gate until it opens.
    private let gate = Gate()
    /// Handlers of `/broker` stand at this one.
    private let broker = Gate()
    private let metrics = HTTPMetrics()

    private func serve(
        workers: Int = 2, queue: Int = 3, brokerPatience: Duration = .seconds(10)
    ) throws -> HTTPServer {
        var configuration = HTTPServer.Configuration(address: try #require(ListenAddress("127.0.0.1:0")))
        configuration.workers = workers
        configuration.workerQueue = queue
        configuration.brokerPatience = brokerPatience
        let router = Router(
            [
                .init("GET", "/quick") { _, _ in .text("quick") },
                .init("GET", "/wait", waits: .stage) { [gate] request, _ in
                    gate.pass()
                    return .text("waited \(request.value("n") ?? "")")
                },
                .init("GET", "/broker", waits: .broker) { [broker] request, _ in
                    broker.pass()
                    return .text("sent \(request.value("n") ?? "")")
                },
            ], token: nil, metrics: metrics)
        return try HTTPServer(configuration) { _ in
        } handle: {
            router.answer($0)
        }
    }

    private func ask(_ server: HTTPServer, _ target: String) throws -> RawConnection {
        let connection = try RawConnection(port: server.port)
        connection.write("GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection
    }

    private func wait(_ condition: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            if condition() { return true }
            usleep(2_000)
        }
        return condition()
    }

    @Test("so many wait; one more is told to come back; quick ones are answered all the while")
    func bounded() throws {
        let server = try serve()
        var waiting: [RawConnection] = []
        for number in 0..<2 { waiting.append(try ask(server, "/wait?n=\(number)")) }
        #expect(wait { gate.standing == 2 })
        for number in 2..<5 { waiting.append(try ask(server, "/wait?n=\(number)")) }
        var refused: RawAnswer?
        #expect(
            wait {
                // Those before may still be on their way to the queue.
                guard let answer = try? RawAnswer(port: server.port, "GET", "/quick"), answer.status == 200 else {
                    return false
                }
                return true
            })
        usleep(200_000)
        refused = try RawAnswer(port: server.port, "GET", "/wait?n=5")
        #expect(refused?.status == 503)
        #expect(refused?.text.contains("Retry-After: 1") == true)
        gate.open()
        for (number, connection) in waiting.enumerated() {
            #expect(RawAnswer(connection.readAll()).body == "waited \(number)")
        }
        var text = MetricsText()
        metrics.write(to: &text)
        #expect(text.text.contains("notestream_http_requests_total{route=\"/wait\",status=\"200\"} 5\n"))
        #expect(text.text.contains("notestream_http_requests_total{route=\"/wait\",status=\"503\"} 1\n"))
    }

    @Test("a broker that does not answer keeps so many waiting; one more is refused, and all others are answered")
    func brokerIsAway() throws {
        let server = try serve()
        var waiting = try (0..<2).map { try ask(server, "/broker?n=\($0)") }
        #expect(wait { broker.standing == 2 })
        waiting += try (2..<5).map { try ask(server, "/broker?n=\($0)") }
        usleep(200_000)
        let refused = try RawAnswer(port: server.port, "GET", "/broker?n=5")
        #expect(refused.status == 503)
        #expect(refused.text.contains("Retry-After: 1\r\n"))
        gate.open()
        for number in 0..<10 {
            #expect(try RawAnswer(port: server.port, "GET", "/wait?n=\(number)").body == "waited \(number)")
        }
        #expect(broker.standing == 2)
        broker.open()
        for (number, connection) in waiting.enumerated() {
            #expect(RawAnswer(connection.readAll()).body == "sent \(number)")
        }
    }

    @Test("who has waited for long behind those whom the broker keeps is refused, not kept in turn")
    func brokerStays() throws {
        let server = try serve(brokerPatience: .milliseconds(200))
        let begun = try (0..<2).map { try ask(server, "/broker?n=\($0)") }
        #expect(wait { broker.standing == 2 })
        let behind = try (2..<5).map { try ask(server, "/broker?n=\($0)") }
        usleep(500_000)
        broker.open()
        #expect(begun.map { RawAnswer($0.readAll()).status } == [200, 200])
        for connection in behind {
            let answer = RawAnswer(connection.readAll())
            #expect(answer.status == 503)
            #expect(answer.text.contains("Retry-After: 10\r\n"))
        }
        #expect(try RawAnswer(port: server.port, "GET", "/broker?n=5").body == "sent 5")
    }

    @Test("a hundred at once are none too many for a broker that answers")
    func brokerAnswers() throws {
        broker.open()
        let server = try serve(workers: 4, queue: 128)
        let connections = try (0..<100).map { try ask(server, "/broker?n=\($0)") }
        for (number, connection) in connections.enumerated() {
            #expect(RawAnswer(connection.readAll()).body == "sent \(number)")
        }
    }

    @Test("a client that leaves while it waits leaves nothing behind")
    func vanished() throws {
        let server = try serve(queue: 100)
        for _ in 0..<20 { _ = try ask(server, "/wait") }
        #expect(wait { gate.standing == 2 })
        gate.open()
        #expect(wait { server.connections == 0 })
        #expect(try RawAnswer(port: server.port, "GET", "/wait?n=1").body == "waited 1")
    }

    @Test("an answer may be there before the connection is suspended: thousands in a row, none is lost")
    func races() throws {
        gate.open()
        let server = try serve(queue: 1_000)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            guard let connection = try? RawConnection(port: server.port) else { return }
            let request = "GET /wait?n=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            for _ in 0..<40 { connection.write(String(repeating: request, count: 10)) }
            connection.write("GET /quick HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            let answers = connection.readAll().components(separatedBy: "HTTP/1.1 200 OK").count - 1
            #expect(answers == 401)
        }
    }

    @Test("stop refuses what waits and what is being worked on for too long, and does not wait for ever")
    func stopped() throws {
        let server = try serve()
        let connections = try (0..<5).map { try ask(server, "/wait?n=\($0)") }
        #expect(wait { gate.standing == 2 })
        usleep(100_000)
        let start = ContinuousClock.now
        server.stop(grace: .milliseconds(300))
        #expect(ContinuousClock.now - start < .seconds(3))
        // What waited is told; what is worked on is told or cut off.
        let statuses = connections.map { RawAnswer($0.readAll()).status }
        #expect(statuses.filter { $0 == 503 }.count >= 3)
        #expect(statuses.allSatisfy { $0 == 503 || $0 == 0 })
        gate.open()
    }
}

/// Lets nobody pass until it is opened.
private final class Gate: Sendable {
    private let count = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(false)

    /// Who stands at it.
    var standing: Int { count.load(ordering: .acquiring) }

    func pass() {
        count.add(1, ordering: .acquiringAndReleasing)
        while !isOpen.load(ordering: .acquiring) { usleep(1_000) }
        count.subtract(1, ordering: .acquiringAndReleasing)
    }

    func open() { isOpen.store(true, ordering: .releasing) }
}
