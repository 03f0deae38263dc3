import EventLog
import Foundation
import Pipeline
import Schemas

extension Notestream {
    static let publish = Command(
        name: "publish", summary: "Publish a log of the past, from files, to the topics notes and clicks.",
        discussion: """
            Notes and clicks go out merged by their times. The records' own timestamps are the present, since brokers delete
            by them; event time is in the payload. --tick moves stream time in every clicks partition, as a quiet log needs
            before its last pairs are settled: give a time later than the last click by the idle time (30 minutes).
            """,
        options: Context.options + [
            .value("--notes", "FILE", "notes as JSON lines: id, title, content, hashtags, category, created_at"),
            .value("--clicks", "FILE", "clicks as tab-separated lines: timestamp, user, note, kind"),
            .value("--rate", "N", "events a second; without it, as fast as the broker takes them"),
            .value("--tick", "TIME", "then move stream time on to TIME, as in 2024-05-01T12:00:00Z"),
        ]
    ) { arguments in
        let context = try Context(arguments)
        let rate: Double? = try arguments.optional("--rate")
        if let rate, !(rate.isFinite && rate >= slowestRate) {
            throw UsageError("--rate: \(rate) is no rate; give a number of \(slowestRate) or more")
        }
        let tick = try arguments["--tick"].map { text throws(UsageError) in
            guard let time = Timestamp(text) else {
                throw UsageError("--tick: '\(text)' is not a time such as 2024-05-01T12:00:00Z")
            }
            return time
        }
        guard arguments["--notes"] != nil || arguments["--clicks"] != nil || tick != nil else {
            throw UsageError("give --notes, --clicks or --tick")
        }
        let log = try LogEvents(notes: arguments["--notes"], clicks: arguments["--clicks"])
        let producer = try Producer(context.client)
        let bar = ProgressBar("publishing", total: log.events.count)
        let start = ContinuousClock.now
        for (index, event) in log.events.enumerated() {
            if let rate { Thread.sleep(until: start + .seconds(Double(index) / rate)) }
            try producer.produce(event.record(context.topics))
            bar.show(index + 1)
        }
        if let tick { try publish(tick, producer, context.topics) }
        try producer.flush()
        bar.finish()
        Output.line("published \(log.notes) notes, \(log.clicks) clicks\(tick.map { ", tick \($0)" } ?? "")")
        return .success
    }

    /// Events a second. Slower than this is a mistake, and the times to wait until end somewhere.
    private static let slowestRate = 0.001

    /// Writes a tick to every clicks partition.
    static func publish(_ tick: Timestamp, _ producer: Producer, _ topics: Topics) throws {
        let value = try Click(time: tick).encode(as: .json)
        for place in topics.places(of: .clicks) {
            try producer.produce(
                OutgoingRecord(topic: place.topic, partition: place.partition, key: nil, value: value))
        }
    }
}

extension Thread {
    fileprivate static func sleep(until instant: ContinuousClock.Instant) {
        let left = (instant - .now) / .seconds(1)
        if left > 0 { sleep(forTimeInterval: left) }
    }
}
