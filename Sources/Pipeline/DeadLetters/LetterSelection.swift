import EventLog
import Schemas

/// Which dead letters are meant. What is not given admits all.
public struct LetterSelection: Sendable {
    /// The code of what is wrong, such as `wrong-type`.
    public var reason: String?
    /// The stage that set it aside.
    public var stage: String?
    /// The broker's name of the topic that the record was read from.
    public var topic: String?
    /// Set aside at or after this time.
    public var since: Timestamp?
    /// These alone.
    public var positions: Set<LetterPosition>?

    /// Admits every letter.
    public init() {}

    /// Whether a letter is meant.
    public func admits(_ letter: Letter) -> Bool {
        (reason == nil || reason == letter.reason.reason) && (stage == nil || stage == letter.reason.stage)
            && (topic == nil || topic == letter.reason.topic)
            && (since.map { letter.setAside >= $0.milliseconds } ?? true)
            && (positions?.contains(letter.position) ?? true)
    }
}

/// The letters on the topic that a selection admits, and which records were sent again.
public struct LetterTable: Sendable {
    /// Letters that are meant, the oldest first.
    public private(set) var letters: [Letter] = []
    /// Records that a retry has sent again.
    private var retried: Set<LetterOrigin> = []
    private let selection: LetterSelection
    private let bytes: Int

    /// A table of nothing yet.
    /// - Parameter bytes: of each value, how many are kept.
    package init(_ selection: LetterSelection, keeping bytes: Int) {
        self.selection = selection
        self.bytes = bytes
    }

    /// Takes note of a record of the topic.
    package mutating func note(_ record: Record) {
        if let origin = RetryMark.origin(of: record) {
            retried.insert(origin)
        } else if let letter = Letter(record, keeping: bytes), selection.admits(letter) {
            letters.append(letter)
        }
    }

    /// Ends the reading: letters of records that were sent again are marked, and all are put in order.
    package mutating func finish() {
        for index in letters.indices { letters[index].isRetried = retried.contains(letters[index].origin) }
        letters.sort(by: Letter.isOlder)
    }

    /// The letters whose records are to be sent again: those that were not yet, one for each record, the oldest first.
    public func waiting(limit: Int? = nil) -> [Letter] {
        var seen: Set<LetterOrigin> = []
        var waiting: [Letter] = []
        for letter in letters where !letter.isRetried {
            guard waiting.count < limit ?? .max else { break }
            if seen.insert(letter.origin).inserted { waiting.append(letter) }
        }
        return waiting
    }
}
