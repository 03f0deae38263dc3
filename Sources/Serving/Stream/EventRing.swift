/// The newest events of the stream, within bounds of count and bytes. Whoever reads is but a number in it.
package struct EventRing: Sendable {
    /// An event and its place in the ring's order.
    struct Entry: Sendable {
        let event: NoteEvent
        /// The event with the ring's own position behind it as `id:`.
        let bytes: [UInt8]
    }

    /// The position before the oldest event.
    package private(set) var base: StreamPosition
    /// The position behind the newest event and what follows it without being one.
    package private(set) var head: StreamPosition
    /// The number of the oldest event.
    package private(set) var first = 0
    /// The number of the event to come.
    package var end: Int { first + entries.count - dead }
    package private(set) var bytes = 0

    /// Behind it everything is news: a ring that begins a little before the topic's end serves once it has come so far.
    package let opens: StreamPosition
    private var entries: ContiguousArray<Entry?> = []
    /// Entries at the front that have been let go.
    private var dead = 0
    private let countLimit: Int
    private let byteLimit: Int

    /// A ring that begins at a position of the topic; `first` is the number of the event to come.
    package init(
        at position: StreamPosition, opens: StreamPosition, first: Int = 0, countLimit: Int = 20_000,
        byteLimit: Int = 16 << 20
    ) {
        self.opens = opens
        base = position
        head = position
        self.first = first
        self.countLimit = max(1, countLimit)
        self.byteLimit = byteLimit
    }

    package mutating func append(_ event: NoteEvent) {
        head.offsets[Int(event.partition)] = event.offset + 1
        let bytes = event.bytes(id: head)
        entries.append(Entry(event: event, bytes: bytes))
        self.bytes += bytes.count
        while entries.count - dead > countLimit || self.bytes > byteLimit && entries.count - dead > 1 { dropFirst() }
    }

    /// A partition is read up to an offset, where there is no event.
    package mutating func advance(_ partition: Int32, to offset: Int64) {
        head.offsets[Int(partition)] = max(head.offsets[Int(partition)], offset)
    }

    subscript(number: Int) -> Entry? {
        number >= first && number < end ? entries[dead + number - first] : nil
    }

    private mutating func dropFirst() {
        guard let oldest = entries[dead] else { return }
        base.offsets[Int(oldest.event.partition)] = oldest.event.offset + 1
        bytes -= oldest.bytes.count
        entries[dead] = nil
        dead += 1
        first += 1
        if dead > 1_024 && dead > entries.count / 2 {
            entries.removeFirst(dead)
            dead = 0
        }
    }
}
