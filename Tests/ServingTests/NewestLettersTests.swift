import EventLog
import Pipeline
import Schemas
import Testing

import Serving

/// How far back is read for the newest dead letters.
@Suite("The newest dead letters")
struct NewestLettersTests {
    /// A topic of dead letters; at its other offsets there are marks.
    private struct Log {
        var letters: [Int32: [Int64]] = [:]
        var ends: [Int32: Int64]

        /// Reads as `TopicViews` does; answers as well how many letters were read, from how far back, and how often.
        func read(_ count: Int) -> (newest: [Letter], read: Int, reach: Int64, rounds: Int) {
            var newest = NewestLetters(
                count,
                in: Dictionary(
                    uniqueKeysWithValues: ends.map {
                        (TopicPartition("dead-letters", $0.key), Watermarks(low: 0, high: $0.value))
                    }))
            var (read, reach, rounds) = (0, Int64(0), 0)
            while let starts = newest.nextStarts() {
                rounds += 1
                for (place, start) in starts {
                    guard case .offset(let start) = start else { continue }
                    reach = max(reach, (ends[place.partition] ?? 0) - start)
                    for offset in letters[place.partition] ?? [] where offset >= start {
                        read += 1
                        newest.note(Self.letter(place.partition, offset))
                    }
                }
            }
            return (newest.letters, read, reach, rounds)
        }

        /// Its time is its offset.
        private static func letter(_ partition: Int32, _ offset: Int64) -> Letter {
            let original = Record(
                topicPartition: TopicPartition("clicks", 0), offset: offset, timestamp: 0, key: nil, value: [1, 2, 3],
                headers: [Header("trace", "1")])
            let record = DeadLetter.record(
                original, SchemaError(.syntax, field: "f"), stage: "session", limit: 1 << 20)
            let placed = Record(
                topicPartition: TopicPartition("dead-letters", partition), offset: offset, timestamp: offset,
                key: record.key, value: record.value, headers: record.headers)
            guard let letter = Letter(placed, keeping: 0) else { preconditionFailure("it is a letter") }
            return letter
        }
    }

    @Test("as many as are asked for, and few more are read, however many there are", arguments: [1, 50, 1_000])
    func few(count: Int) {
        let all = Array(Int64(0)..<100_000)
        let log = Log(
            letters: [0: all, 1: all, 2: all, 3: all], ends: [0: 100_000, 1: 100_000, 2: 100_000, 3: 100_000])
        let (newest, read, _, rounds) = log.read(count)
        let expected = (0..<count).map { Int64(99_999 - $0 / 4) }
        #expect(newest.map(\.setAside) == expected)
        #expect(read <= 2 * count + 32)
        #expect(rounds == 1)
        #expect(newest.allSatisfy { $0.headers.isEmpty && $0.valueStart?.isEmpty == true })
    }

    @Test("one partition has all of the newest")
    func skewed() {
        let log = Log(
            letters: [0: Array(0..<10_000), 1: Array(0..<500), 2: [], 3: [7]], ends: [0: 10_000, 1: 500, 2: 0, 3: 8])
        let (newest, _, reach, _) = log.read(200)
        let expected = (0..<200).map { LetterPosition(partition: 0, offset: Int64(9_999 - $0)) }
        #expect(newest.map(\.position) == expected)
        #expect(reach <= 1_000)
    }

    @Test("letters behind the marks of a transaction each, and of a large retry, are found")
    func marks() {
        let alternating = Log(letters: [0: stride(from: 0, to: 1_000, by: 2).map { $0 }], ends: [0: 1_000])
        #expect(alternating.read(1).newest.map(\.setAside) == [998])
        #expect(alternating.read(50).newest.count == 50)
        let retried = Log(letters: [0: Array(0..<100), 1: Array(0..<100)], ends: [0: 1_500, 1: 1_500])
        let expected = (0..<50).map { Int64(99 - $0 / 2) }
        #expect(retried.read(50).newest.map(\.setAside) == expected)
    }

    @Test("an empty topic is not read, and of one of marks alone not all")
    func none() {
        #expect(Log(ends: [0: 0, 1: 0]).read(50).rounds == 0)
        let (newest, _, reach, rounds) = Log(ends: [0: 10_000_000]).read(50)
        #expect(newest.isEmpty && rounds < 10 && reach <= 10_000)
    }
}
