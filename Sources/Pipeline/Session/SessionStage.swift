import CoOccurrence
import Configuration
import EventLog
import Schemas
import StateStore

/// Clicks in, changes of pair scores and of notes' activity out.
///
/// The rules are CoOccurrence's; this stage only gives them their place in the log: one `ClickWindows` per clicks
/// partition, deltas of a batch combined before they are sent, every change of bucket announced to every partition
/// downstream, so that old buckets leave there by stream time alone.
package final class SessionStage: StreamStage {
    package static let name = "session"
    package static let inputTopic = TopicName.clicks
    package static let families = ClickWindows.families

    private let settings: WindowSettings
    /// What each partition's records change in this batch.
    private var changes: [Int32: WindowDeltas] = [:]
    /// What replayed records change: sent long ago.
    private var replayed = WindowDeltas()

    /// A stage with nothing assigned yet.
    package init(settings: WindowSettings) { self.settings = settings }

    package func decode(_ record: Record) throws(SchemaError) -> ClickEvent {
        switch try IncomingClick.decode(record) {
        case .click(let user, let note, let time): .click(user: user, note: note, time: time)
        case .tick(let time): .tick(time: time)
        case .forget(let user): .forget(user: user)
        }
    }

    package func runTimers(
        before input: ClickEvent, of partition: Int32, limit: Int, in batch: StageBatch
    ) throws -> TimerProgress {
        guard let time = input.time else { return TimerProgress(run: 0, isFinished: true) }
        let slice = try change(partition, in: batch) { windows, deltas in
            try windows.runTimers(due: time, limit: limit, in: batch.changes, into: &deltas)
        }
        return TimerProgress(run: slice.run, isFinished: slice.isFinished)
    }

    package func process(_ input: ClickEvent, of partition: Int32, in batch: StageBatch) throws {
        _ = try change(partition, in: batch) { windows, deltas in
            try windows.apply(input, in: batch.changes, into: &deltas)
        }
    }

    private func change<Result>(
        _ partition: Int32, in batch: StageBatch, _ body: (ClickWindows, inout WindowDeltas) throws -> Result
    ) rethrows -> Result {
        let windows = ClickWindows(partition: partition, settings: settings)
        guard batch.isSilent else { return try body(windows, &changes[partition, default: WindowDeltas()]) }
        replayed.removeAll()
        return try body(windows, &replayed)
    }

    package func finish(_ batch: StageBatch) throws {
        for partition in changes.keys.sorted() {
            guard let deltas = changes[partition], let time = deltas.streamTime else { continue }
            try send(deltas, time: Timestamp(milliseconds: time), in: batch)
            changes[partition]?.removeAll()
        }
    }

    private func send(_ deltas: WindowDeltas, time: Timestamp, in batch: StageBatch) throws {
        try deltas.forEachPairs { source, bucket, targets in
            for part in Self.parts(of: targets) {
                let event = PairDelta(
                    source: String(decoding: source, as: UTF8.self), bucket: bucket,
                    targets: part.map(TargetDelta.init),
                    time: time)
                batch.send(to: .cooccurrence, key: source, value: try event.encode(as: .json))
            }
        }
        try deltas.forEachActivity { note, hour, delta in
            let event = ActivityDelta(
                note: String(decoding: note, as: UTF8.self), hour: hour, delta: delta, time: time)
            batch.send(to: .activity, key: note, value: try event.encode(as: .json))
        }
        guard deltas.crossedBucket else { return }
        let pairs = PairDelta(time: time)
        let activity = ActivityDelta(time: time)
        let announcements = [
            (TopicName.cooccurrence, try pairs.encode(as: .json)), (TopicName.activity, try activity.encode(as: .json)),
        ]
        for (topic, value) in announcements {
            for partition in 0..<batch.topics.partitions(of: topic) {
                batch.send(to: topic, partition: partition, key: nil, value: value)
            }
        }
    }

    /// Cuts a row's deltas so that each record stays well below a broker's usual limit of 1 MB, whatever JSON makes of the
    /// ids. Deltas add up, so the parts mean the same as the whole.
    private static func parts(
        of targets: [(note: [UInt8], delta: PairSum)]
    ) -> [ArraySlice<(note: [UInt8], delta: PairSum)>] {
        var parts: [ArraySlice<(note: [UInt8], delta: PairSum)>] = []
        var start = 0
        var bytes = 0
        for (index, target) in targets.enumerated() {
            bytes += target.note.count + 64
            guard bytes > 128 << 10 || index == targets.count - 1 else { continue }
            parts.append(targets[start...index])
            (start, bytes) = (index + 1, 0)
        }
        return parts
    }

    package func revoked(_ partition: Int32) {
        changes[partition] = nil
    }

    package func wipe(_ partition: Int32, in batch: StageBatch) throws {
        try ClickWindows(partition: partition, settings: settings).wipe(in: batch.changes)
    }

    package func reload() throws { changes.removeAll() }
}

extension TargetDelta {
    /// How a pair changed, as its record says it.
    fileprivate init(note: [UInt8], delta: PairSum) {
        self.init(note: String(decoding: note, as: UTF8.self), delta: delta.score, users: Int32(clamping: delta.users))
    }
}
