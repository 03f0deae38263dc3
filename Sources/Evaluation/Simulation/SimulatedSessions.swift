import Foundation
import Tensors

/// Visits: a person comes at some moment, clicks a few notes one after another, and leaves.
struct SimulatedSessions {
    let crowd: SimulatedCrowd
    /// Oldest first.
    let notes: [SimulatedNote]
    let start: Int64
    let span: Int64

    /// How many notes a person looks over before a click: some new ones, some at random, some of their circle.
    private static let glances = 48
    /// After this many hours a note's pull is down to 1/e.
    private static let ageing = 20.0

    /// Clicks in order of time.
    func clicks(_ count: Int, _ generator: inout SplitMix64) -> [LoggedClick] {
        guard let first = notes.first?.logged.created else { return [] }
        let circles = Dictionary(grouping: notes.indices.filter { notes[$0].circle != nil }) { notes[$0].circle ?? 0 }
        let activities = crowd.users.map(\.activity)
        var popularity = [Double](repeating: 0, count: notes.count)
        var visits: [(time: Int64, user: Int, length: Int)] = []
        var planned = 0
        while planned < count {
            var time = SimulatedDay.moment(start: start, span: span, &generator)
            if time <= first { time = 2 * first - time + 1 }  // nothing to click yet: they come a little later
            let length = 1 + generator.below(3) + (generator.chance(0.3) ? generator.below(8) : 0)
            visits.append((time, generator.place(weighted: activities), length))
            planned += length
        }
        visits.sort { ($0.time, $0.user) < ($1.time, $1.user) }
        var clicks: [LoggedClick] = []
        clicks.reserveCapacity(planned)
        for visit in visits {
            var time = visit.time
            var previous: Int?
            for _ in 0..<visit.length {
                let user = crowd.users[visit.user]
                let seen = glance(at: time, circles[user.circle] ?? [], &generator)
                let pulls = seen.map { exp(pull(of: $0, on: user, after: previous, at: time, popularity)) }
                let chosen = seen[generator.place(weighted: pulls)]
                clicks.append(LoggedClick(time: time, user: user.name, note: notes[chosen].logged.id))
                popularity[chosen] += 1
                previous = chosen
                time += Int64(4000 + generator.below(120_000))
            }
        }
        clicks.sort { $0.time != $1.time ? $0.time < $1.time : $0.user.lexicographicallyPrecedes($1.user) }
        return Array(clicks.prefix(count))
    }

    /// Notes that are there at `time`.
    private func glance(at time: Int64, _ circle: [Int], _ generator: inout SplitMix64) -> [Int] {
        let there = notesCreated(before: time)
        var seen: [Int] = []
        for place in 0..<Self.glances {
            let note: Int
            if place % 3 == 0 {
                note = generator.below(there)
            } else if place % 6 == 1, !circle.isEmpty {
                note = circle[generator.below(circle.count)]
            } else {
                note = there - 1 - generator.below(min(there, 60))
            }
            if note < there { seen.append(note) }
        }
        return seen
    }

    /// How strongly a note pulls, as a logarithm: interest, circle, the note before it, appeal, crowd and age.
    private func pull(
        of note: Int, on user: SimulatedCrowd.User, after previous: Int?, at time: Int64, _ popularity: [Double]
    ) -> Double {
        let candidate = notes[note]
        let hours = Double(time - candidate.logged.created) / 3_600_000
        var pull = 1.5 * log(user.interests[candidate.topic] + 0.02) + candidate.appeal
        if candidate.circle == user.circle { pull += 2.5 }
        if let previous {
            if note == previous { return -20 }
            if notes[previous].topic == candidate.topic { pull += 1 }
            if crowd.affinities[notes[previous].topic] == candidate.topic { pull += 4 }
            if let circle = candidate.circle, notes[previous].circle == circle { pull += 1.5 }
        }
        pull += 0.3 * log(1 + popularity[note])
        return pull - 1.5 * (1 - exp(-hours / Self.ageing))
    }

    private func notesCreated(before time: Int64) -> Int {
        var low = 0
        var high = notes.count
        while low < high {
            let middle = (low + high) / 2
            if notes[middle].logged.created < time { low = middle + 1 } else { high = middle }
        }
        return max(1, low)
    }
}
