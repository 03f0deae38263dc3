import EventLog
import Foundation
import Schemas

/// Reads the log for one stream that comes from further back than the ring, at its client's pace, until it meets the ring.
struct CatchUp: Sendable {
    /// Where it begins.
    enum Begin: Sendable {
        /// With the whole table.
        case whole
        /// Where the client was.
        case at(StreamPosition)
    }

    private let stream: NoteStream
    private let begin: Begin
    private let hub: StreamHub

    init(_ stream: NoteStream, _ begin: Begin, _ hub: StreamHub) {
        self.stream = stream
        self.begin = begin
        self.hub = hub
    }

    func start() {
        hub.run("stream-catch-up") {
            defer { hub.catchUpEnded() }
            do {
                if try !run() { stream.end() }
            } catch {
                // The client comes back with the id that it has.
                hub.logger.warning("a stream could not catch up", ["error": "\(error)"])
                stream.end()
            }
        }
    }

    /// True when the stream goes on in the ring.
    private func run() throws -> Bool {
        var client = hub.client
        client.properties["queued.max.messages.kbytes"] = "8192"
        let consumer = try Consumer(client)
        defer { try? consumer.close() }
        guard var position = try start(hub.log(consumer)) else { return false }
        try consumer.assign(hub.starts(position))
        var isBehindSent = false
        while !hub.stopping.isSet, !stream.isClosed {
            if meetsRing(position, sayWhere: isBehindSent) { return true }
            for record in try consumer.poll(maximum: 500, timeout: .milliseconds(100)) {
                position.offsets[Int(record.partition)] = record.offset + 1
                isBehindSent = true
                guard let event = try? NoteEvent(record), stream.notes.isEmpty || stream.notes.contains(event.note)
                else {
                    continue
                }
                guard stream.push(event.bytes(id: position)) else { return false }
                isBehindSent = false
            }
            for (place, end) in consumer.caughtUp where end > position.offsets[Int(place.partition)] {
                position.offsets[Int(place.partition)] = end
                isBehindSent = true
            }
        }
        return false
    }

    /// Decides where to begin, and tells the client of a reset; nil when it has left.
    private func start(_ log: StreamStart.Log) -> StreamPosition? {
        let whole = StreamPosition(log.lows, loadingSince: Int64(Date().timeIntervalSince1970))
        switch begin {
        case .whole:
            return stream.push(StreamHub.opening(at: nil)) ? whole : nil
        case .at(let asked):
            guard case .reset(let reason) = StreamStart.make(asked: asked, log: log) else {
                return stream.push(StreamHub.opening(at: asked)) ? asked : nil
            }
            let data = "event: reset\ndata: {\"reason\":\(JSONText.quoted(reason))}\n\n"
            return stream.push(StreamHub.opening(at: nil) + Array(data.utf8)) ? whole : nil
        }
    }

    /// Goes over to the ring, where it holds all from here on.
    private func meetsRing(_ position: StreamPosition, sayWhere: Bool) -> Bool {
        stream.goLive { ring in
            guard position.isAtLeast(ring.base) else { return nil }
            var live = position
            live.loadingSince = nil
            return (RingCursor(at: live, in: ring), sayWhere ? Array(":\nid: \(live.text)\n\n".utf8) : [])
        }
    }
}
