import Foundation
import Tensors

/// What to simulate.
public struct SimulationSettings: Sendable, Equatable {
    /// Notes.
    public var notes: Int
    /// Clicks.
    public var clicks: Int
    /// Users, who also write the notes.
    public var users: Int
    /// Days of event time.
    public var days: Int
    /// The first moment, in milliseconds since 1970 UTC.
    public var start: Int64
    /// The seed; the same settings give the same log.
    public var seed: UInt64

    /// A log small enough to watch: ten days from 5 January 2026.
    public init(
        notes: Int = 600, clicks: Int = 6000, users: Int = 300, days: Int = 10, start: Int64 = 1_767_571_200_000,
        seed: UInt64 = 1
    ) {
        self.notes = notes
        self.clicks = clicks
        self.users = users
        self.days = days
        self.start = start
        self.seed = seed
    }
}

/// A made-up log of notes and clicks, with what makes real ones hard: interests that the text shows, topics without a
/// word in common that the same people care for, circles of people who click the same notes whatever they are about,
/// notes that age within a day or two, popular notes, and nights.
public struct Simulation: Sendable {
    /// The notes, oldest first.
    public let notes: [LoggedNote]
    /// The clicks, oldest first.
    public let clicks: [LoggedClick]

    /// Simulates; the same settings give the same log. Numbers below one count as one.
    public init(_ settings: SimulationSettings = SimulationSettings()) {
        var generator = SplitMix64(seed: settings.seed)
        let crowd = SimulatedCrowd(users: max(1, settings.users), &generator)
        let span = Int64(max(1, settings.days)) * SimulatedDay.length
        let times = SimulatedDay.times(max(1, settings.notes), start: settings.start, span: span, &generator)
        var drafts: [SimulatedNote] = []
        for (number, time) in times.enumerated() {
            drafts.append(SimulatedNote(number: number, created: time, crowd, &generator))
        }
        notes = drafts.map(\.logged)
        clicks = SimulatedSessions(crowd: crowd, notes: drafts, start: settings.start, span: span)
            .clicks(max(0, settings.clicks), &generator)
    }

    /// Writes `notes.jsonl` and `clicks.tsv` into a folder, which is made if it is missing.
    public func write(to folder: String) throws(LogFileError) {
        try LogFiles.write(notes, to: folder + "/notes.jsonl")
        try LogFiles.write(clicks, to: folder + "/clicks.tsv")
    }
}

/// When things happen in a day: quiet nights, and peaks in the morning, at noon and in the evening.
enum SimulatedDay {
    static let length: Int64 = 86_400_000

    private static let hours: [Double] = [
        2, 1, 0.5, 0.3, 0.3, 0.6, 2, 5, 7, 6, 5, 5, 7, 6, 5, 5, 5, 6, 7, 8, 10, 10, 8, 4,
    ]

    /// A moment in the span, by the rhythm of the day.
    static func moment(start: Int64, span: Int64, _ generator: inout SplitMix64) -> Int64 {
        let day = Int64(generator.below(max(1, Int(span / length))))
        let hour = Int64(generator.place(weighted: hours))
        return start + day * length + hour * 3_600_000 + Int64(generator.below(3_600_000))
    }

    /// That many moments, in order.
    static func times(_ count: Int, start: Int64, span: Int64, _ generator: inout SplitMix64) -> [Int64] {
        (0..<count).map { _ in moment(start: start, span: span, &generator) }.sorted()
    }
}
