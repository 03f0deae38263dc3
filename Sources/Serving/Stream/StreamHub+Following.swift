import EventLog
import Foundation
import Schemas

extension StreamHub {
    /// Follows the topic until the hub is stopped. After an error it waits a little longer each time, and goes on where it
    /// was.
    func follow() {
        var pause = Duration.milliseconds(100)
        while !stopping.isSet {
            do {
                let consumer = try Consumer(client)
                defer { try? consumer.close() }
                try consumer.assign(starts(try whereToGoOn(consumer)))
                while !stopping.isSet {
                    let records = try consumer.poll(maximum: 1_000, timeout: .milliseconds(250))
                    take(records, consumer)
                    pause = .milliseconds(100)
                }
            } catch {
                logger.warning("the stream cannot read its topic", ["error": "\(error)"])
                stopping.wait(pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    private func take(_ records: [Record], _ consumer: Consumer) {
        var events: [NoteEvent] = []
        var reached: [(partition: Int32, offset: Int64)] = []
        for record in records {
            do {
                events.append(try NoteEvent(record))
            } catch {
                logger.warning("a record is no list", ["place": "\(record.topicPartition)", "error": "\(error)"])
                reached.append((record.partition, record.offset + 1))
            }
        }
        reached += consumer.caughtUp.map { ($0.key.partition, $0.value) }
        take(events, reached: reached)
    }

    /// Where the ring is, as long as the log still has it; else a ring is begun a little before the ends.
    private func whereToGoOn(_ consumer: Consumer) throws -> StreamPosition {
        let log = try log(consumer)
        if let head, zip(head.offsets, zip(log.lows, log.ends)).allSatisfy({ $0 >= $1.0 && $0 <= $1.1 }) { return head }
        let position = StreamPosition(
            places.indices.map { index in
                min(max(log.lows[index], log.tombstonesKept[index], log.ends[index] - limits.backfill), log.ends[index])
            })
        beginRing(at: position, opens: StreamPosition(log.ends))
        return position
    }

    /// What the topic holds now.
    func log(_ consumer: Consumer) throws -> StreamStart.Log {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        // Half of the time: reading on from there takes some, too.
        let oldest = now - tombstones / 2
        let kept = try consumer.offsets(atOrAfter: Dictionary(uniqueKeysWithValues: places.map { ($0, oldest) }))
        var log = StreamStart.Log(lows: [], ends: [], tombstonesKept: [], oldestLoad: oldest / 1_000)
        for place in places {
            let marks = try consumer.watermarks(place)
            log.lows.append(marks.low)
            log.ends.append(marks.high)
            log.tombstonesKept.append(kept[place] ?? marks.high)
        }
        return log
    }

    /// A position as a consumer takes it.
    func starts(_ position: StreamPosition) -> [TopicPartition: StartOffset] {
        Dictionary(uniqueKeysWithValues: zip(places, position.offsets.map { .offset($0) }))
    }
}
