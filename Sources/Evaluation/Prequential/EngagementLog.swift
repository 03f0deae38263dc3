/// Notes and clicks with numbers in place of ids: what the evaluation walks.
///
/// Notes are numbered by creation time (then id), so that "created before t" is a prefix of the numbers.
public struct EngagementLog: Sendable {
    /// The notes, oldest first.
    public let notes: [LoggedNote]
    /// The clicks, in the order in which they arrived.
    public let clicks: [LoggedClick]
    /// The note of each click; nil when the log has no such note.
    let clickedNotes: [Int?]
    /// The number of each click's user.
    let users: [Int]

    /// Numbers a log. Of notes with the same id the last one counts.
    public init(notes: [LoggedNote], clicks: [LoggedClick]) {
        let latest = Dictionary(notes.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
        let sorted = latest.values.sorted {
            $0.created != $1.created ? $0.created < $1.created : $0.id.lexicographicallyPrecedes($1.id)
        }
        let numbers = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.id, $0) })
        var userNumbers: [[UInt8]: Int] = [:]
        self.notes = sorted
        self.clicks = clicks
        clickedNotes = clicks.map { numbers[$0.note] }
        users = clicks.map { click in
            if let number = userNumbers[click.user] { return number }
            userNumbers[click.user] = userNumbers.count
            return userNumbers.count - 1
        }
    }

    /// The first click line of the second half.
    public var half: Int { clicks.count / 2 }

    /// How many notes were created before `time`.
    package func notesCreated(before time: Int64) -> Int {
        var low = 0
        var high = notes.count
        while low < high {
            let middle = (low + high) / 2
            if notes[middle].created < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// One question to a ranking: a user whose latest engaged note is `note` engages with `target` for the first time.
package struct EngagementTest: Sendable, Equatable {
    /// The click's place in the log; the state is that of all lines before it.
    package let line: Int
    /// The click's event time t.
    package let time: Int64
    /// The user's number.
    package let user: Int
    /// A: the note of the user's latest engagement.
    package let note: Int
    /// The note engaged with now.
    package let target: Int
}

extension EngagementLog {
    /// All tests, in the log's order: a user's first engagement with a note that was created before t, when they have
    /// engaged with another known note before. A user's own posts are thereby no tests, since they happen at creation.
    package var tests: [EngagementTest] {
        var latest: [Int: Int] = [:]
        var seen: Set<UserNote> = []
        var tests: [EngagementTest] = []
        for (line, click) in clicks.enumerated() {
            guard let target = clickedNotes[line] else { continue }
            let user = users[line]
            let isFirst = seen.insert(UserNote(user: user, note: target)).inserted
            if let note = latest[user], isFirst, notes[target].created < click.time {
                tests.append(EngagementTest(line: line, time: click.time, user: user, note: note, target: target))
            }
            latest[user] = target
        }
        return tests
    }

    private struct UserNote: Hashable {
        let user: Int
        let note: Int
    }
}
