import Configuration
import EventLog
import Foundation
import Pipeline
import Synchronization

/// The event streams of the topic note-recommendations: one thread follows the topic into a ring, from which all clients
/// are served; those that come from further back read the log by themselves until they meet it.
package final class StreamHub: Sendable {
    let client: ClientSettings
    let places: [TopicPartition]
    /// How long a deletion stays readable in the topic, in milliseconds.
    let tombstones: Int64
    let logger: Logger
    let limits: Limits
    private let registry = Mutex(StreamRegistry())
    private let ring: Mutex<EventRing?> = Mutex(nil)
    private let settledNow = Mutex(Settled(number: 0, position: StreamPosition([])))
    private let sent = Atomic<Int>(0)
    let stopping = StopSignal()
    private let threads = DispatchGroup()

    /// How much a hub holds.
    package struct Limits: Sendable {
        /// Open streams.
        package var streams = 10_000
        /// Streams that read the log by themselves at a time.
        package var catchUps = 8
        /// Events in the ring.
        package var ringEvents = 20_000
        /// Bytes in the ring.
        package var ringBytes = 16 << 20
        /// Records of each partition that are read into the ring at the start: clients that a restart cut off find what
        /// they missed there.
        package var backfill: Int64 = 1_000

        package init() {}
    }

    /// Up to where everyone who waits has been told of events.
    struct Settled: Sendable {
        var number: Int
        var position: StreamPosition
    }

    /// - Parameters:
    ///   - client: how to reach the brokers.
    ///   - topics: where note-recommendations is, and how it is laid out.
    package init(client: ClientSettings, topics: Topics, limits: Limits = Limits(), logger: Logger) {
        var client = client
        // A reader that finds itself outside of the log must hear of it.
        client.properties["auto.offset.reset"] = "error"
        self.client = client
        places = topics.places(of: .noteRecommendations)
        tombstones = topics.catalog[.noteRecommendations].tombstoneMilliseconds ?? 86_400_000
        self.limits = limits
        self.logger = logger
    }

    /// Begins to follow the topic. Called once.
    package func start() { run("stream-reader") { [self] in follow() } }

    /// Work on a thread of its own, whose end `stop` waits for.
    func run(_ name: String, _ body: @escaping @Sendable () -> Void) {
        threads.enter()
        let thread = Thread { [threads] in
            body()
            threads.leave()
        }
        thread.name = name
        thread.start()
    }

    /// Ends all streams, and what serves them.
    package func stop() {
        stopping.set()
        let open = registry.withLock { registry in
            registry.isStopped = true
            return registry.streams
        }
        for stream in open { stream.end() }
        threads.wait()
    }

    /// Open streams.
    package var streams: Int { registry.withLock { $0.count } }

    /// Events sent so far, to all streams together.
    package var eventsTotal: Int { sent.load(ordering: .relaxed) }

    // MARK: - Answering

    /// Answers `GET /v1/stream`. Waits for nothing: what takes a broker is done on a thread of the stream's own.
    package func answer(_ request: HTTPRequest) -> HTTPResponse {
        let notes = Set(request.queryAll.lazy.filter { $0.name == "note" }.map(\.value))
        var asked: StreamPosition?
        if let text = request.lastEventID ?? request.value("last_event_id"), !text.isEmpty {
            guard let position = StreamPosition(text) else {
                return .problem(400, "Wrong parameter", "The id is to be as an event gave it, such as 0:17,1:4.")
            }
            asked = position
        }
        let from = request.value("from")
        if let from, from != "beginning" {
            return .problem(400, "Wrong parameter", "from is 'beginning' or left out; '\(from)' is neither.")
        }
        let bounds = ring.withLock { $0.flatMap { $0.head.isAtLeast($0.opens) ? (base: $0.base, head: $0.head) : nil } }
        guard let bounds else {
            return .busy("The topic is not being followed yet; try again in a moment.", retryAfter: 1)
        }
        let begin: CatchUp.Begin?
        if let asked {
            begin = StreamStart.make(asked: asked, ring: bounds) == .ring ? nil : .at(asked)
        } else {
            begin = from == nil ? nil : .whole
        }
        let stream = NoteStream(notes: notes, hub: self)
        if let refusal = admit(stream, catchesUp: begin != nil) { return refusal }
        if let begin {
            CatchUp(stream, begin, self).start()
        } else if !goLive(stream, at: asked) {
            // The ring moved on in this very moment.
            remove(stream)
            return .busy("Try again.", retryAfter: 1)
        }
        return .events(stream)
    }

    private func admit(_ stream: NoteStream, catchesUp: Bool) -> HTTPResponse? {
        registry.withLock { registry in
            if registry.isStopped { return .busy("The server is being stopped.", retryAfter: 1) }
            if registry.count >= limits.streams {
                return .busy("\(limits.streams) streams are open, no more are served.", retryAfter: 5)
            }
            if catchesUp {
                if registry.catchUps >= limits.catchUps {
                    return .busy("Too many streams catch up already; try again in a moment.", retryAfter: 2)
                }
                registry.catchUps += 1
            }
            registry.add(stream)
            return nil
        }
    }

    private func goLive(_ stream: NoteStream, at asked: StreamPosition?) -> Bool {
        stream.goLive { ring in
            guard let asked else { return (RingCursor(endOf: ring), Self.opening(at: ring.head)) }
            guard asked.isAtLeast(ring.base) else { return nil }
            return (RingCursor(at: asked, in: ring), Self.opening(at: asked))
        }
    }

    /// The first bytes of a stream: how soon to come back, and where it is.
    static func opening(at position: StreamPosition?) -> [UInt8] {
        Array((":\nretry: 1000\n" + (position.map { "id: \($0.text)\n" } ?? "") + "\n").utf8)
    }

    // MARK: - For its parts

    func count(_ events: Int) { sent.add(events, ordering: .relaxed) }

    var settled: Settled { settledNow.withLock { $0 } }

    func remove(_ stream: NoteStream) { registry.withLock { $0.remove(stream) } }

    func catchUpEnded() { registry.withLock { $0.catchUps -= 1 } }

    /// Looks at the ring; nil where there is none yet.
    func withRing<Result>(_ body: (EventRing) -> Result?) -> Result? {
        ring.withLock { ring in
            guard let ring else { return nil }
            return body(ring)
        }
    }

    /// What is to be read next of each partition; nil where nothing has been read yet.
    var head: StreamPosition? { ring.withLock { $0?.head } }

    /// Begins anew at a position. Streams of before end: what they were to get is not known.
    func beginRing(at position: StreamPosition, opens: StreamPosition) {
        let settled = ring.withLock { ring in
            let new = EventRing(
                at: position, opens: opens, first: ring.map { $0.end + 1 } ?? 0, countLimit: limits.ringEvents,
                byteLimit: limits.ringBytes)
            ring = new
            return Settled(number: new.end, position: new.head)
        }
        for stream in registry.withLock({ $0.streams }) { stream.notice(from: 0) }
        settledNow.withLock { $0 = settled }
    }

    /// Takes events into the ring, tells who waits for them, and then how far everyone has been told.
    func take(_ events: [NoteEvent], reached: [(partition: Int32, offset: Int64)]) {
        var numbers: [(number: Int, note: String)] = []
        let settled = ring.withLock { ring -> Settled? in
            guard ring != nil else { return nil }
            for event in events {
                numbers.append((ring?.end ?? 0, event.note))
                ring?.append(event)
            }
            for (partition, offset) in reached { ring?.advance(partition, to: offset) }
            return ring.map { Settled(number: $0.end, position: $0.head) }
        }
        guard let settled else { return }
        for (stream, from) in registry.withLock({ $0.interested(in: numbers) }) { stream.notice(from: from) }
        settledNow.withLock { $0 = settled }
    }
}
