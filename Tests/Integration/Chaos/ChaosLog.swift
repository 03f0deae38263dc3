import CoOccurrence
import EventLog
import Evaluation
import Foundation
import Pipeline
import Schemas
import Support
import Synchronization

/// A log in which things also go: notes are edited (twice in a row at times), deleted while clicks on them are under way and
/// posted again, users are forgotten. A function of the sample and a seed.
struct ChaosLog {
    enum Event {
        case note(LoggedNote, at: Int64)
        case deletion([UInt8])
        case click(LoggedClick)
        case forget([UInt8])
        /// Lets time pass in the partition of a user.
        case tick(like: [UInt8], at: Int64)
    }

    /// In the order in which they are published.
    let events: [Event]
    /// The notes that are alive in the end.
    let living: Set<[UInt8]>
    /// The clicks log as the oracle takes it, the tick at the end included.
    let clicks: [ClickEvent]
    /// A time at which every user has been idle for long enough.
    let tick: (time: Int64, text: String)

    init(_ sample: SampleLog, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var timed: [(time: Int64, event: Event)] = sample.notes.map { ($0.created, .note($0, at: $0.created)) }
        timed += sample.clicks.map { ($0.time, .click($0)) }
        let last = timed.map(\.time).max() ?? 0
        func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
        func later(than time: Int64) -> Int64 { Int64.random(in: time...max(time, last), using: &random) }
        for note in sample.notes {
            if chance(0.15) {
                let time = later(than: note.created)
                for edit in 1...(chance(0.5) ? 2 : 1) {
                    var edited = note
                    edited.title += ", edit \(edit)"
                    timed.append((time, .note(edited, at: time)))
                }
            }
            if chance(0.1) {
                let time = later(than: note.created)
                timed.append((time, .deletion(note.id)))
                if chance(0.3) { timed.append((later(than: time), .note(note, at: time))) }
            }
        }
        for (user, clicks) in Dictionary(grouping: sample.clicks, by: \.user).sorted(by: {
            $0.key.lexicographicallyPrecedes($1.key)
        }) where chance(0.1) {
            timed.append((later(than: clicks.map(\.time).min() ?? last), .forget(user)))
        }
        let ordered = timed.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        events = ordered.map(\.element.event)
        tick = sample.tick

        var living: Set<[UInt8]> = []
        var log: [ClickEvent] = []
        for event in events {
            switch event {
            case .note(let note, _): living.insert(note.id)
            case .deletion(let note): living.remove(note)
            case .click(let click): log.append(.click(user: click.user, note: click.note, time: click.time))
            case .forget(let user): log.append(.forget(user: user))
            case .tick(_, let time): log.append(.tick(time: time))
            }
        }
        self.living = living
        clicks = log + [.tick(time: tick.time)]
    }

    /// Cuts the log into parts of about equal length.
    func parts(_ count: Int) -> [ArraySlice<Event>] {
        (0..<count).map { events[events.count * $0 / count..<events.count * ($0 + 1) / count] }
    }
}

extension ChaosLog.Event {
    /// The record that says it.
    func record(_ topics: Topics) throws -> OutgoingRecord {
        switch self {
        case .note(let note, let time):
            let event = Note(
                id: text(note.id), title: note.title, content: note.content, hashtags: note.hashtags,
                category: note.category, author: note.author, created: Timestamp(milliseconds: note.created),
                time: Timestamp(milliseconds: time))
            return OutgoingRecord(topic: topics.name(of: .notes), key: note.id, value: try event.encode(as: .json))
        case .deletion(let note):
            return OutgoingRecord(topic: topics.name(of: .notes), key: note, value: nil)
        case .click(let click):
            let event = Click(
                user: text(click.user), note: text(click.note), time: Timestamp(milliseconds: click.time),
                kind: click.kind)
            return OutgoingRecord(
                topic: topics.name(of: .clicks), key: click.user, value: try event.encode(as: .json))
        case .forget(let user):
            return OutgoingRecord(topic: topics.name(of: .clicks), key: user, value: nil)
        case .tick(let user, let time):
            return OutgoingRecord(
                topic: topics.name(of: .clicks),
                partition: Partitioner.partition(for: user, count: topics.partitions(of: .clicks)), key: nil,
                value: try Click(time: Timestamp(milliseconds: time)).encode(as: .json))
        }
    }
}

/// Publishes a stretch of the log from a thread of its own, evenly over some time.
final class ChaosPublisher: Sendable {
    private let done = DispatchGroup()
    private let failure: Failure

    private final class Failure: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    init(_ events: ArraySlice<ChaosLog.Event>, to deployment: Deployment, over duration: Duration) {
        let (settings, topics) = (deployment.broker.settings, deployment.topics)
        let failure = Failure()
        self.failure = failure
        done.enter()
        Thread { [done] in
            defer { done.leave() }
            do {
                let producer = try Producer(settings)
                let start = ContinuousClock.now
                for (index, event) in events.enumerated() {
                    let due = start + duration * Double(index) / Double(max(1, events.count))
                    let left = (due - .now) / .seconds(1)
                    if left > 0.002 { Thread.sleep(forTimeInterval: left) }
                    try producer.produce(event.record(topics))
                }
                try producer.flush()
            } catch {
                failure.error.withLock { $0 = error }
            }
        }.start()
    }

    /// Waits until all of it is acknowledged.
    func wait() throws {
        done.wait()
        if let error = failure.error.withLock({ $0 }) { throw error }
    }
}
