/// One reader's place in the ring.
package struct RingCursor: Sendable {
    /// What comes next of a reader.
    package enum Next {
        case event([UInt8])
        /// Nothing is there yet.
        case nothing
        /// The ring has moved on: what the reader needs is not in it any more.
        case lost
    }

    /// The number of the event to look at next.
    package private(set) var number: Int
    /// Where a reader that came from elsewhere stands; nil once the ring has come so far.
    private var own: OwnPosition?

    /// A reader of what is to come.
    package init(endOf ring: EventRing) { number = ring.end }

    /// A reader that stands at a position which the ring's base does not lie beyond.
    package init(at position: StreamPosition, in ring: EventRing) {
        number = ring.first
        own = OwnPosition(position, in: ring)
    }

    /// Whether the ring's own positions say where the reader is.
    package var followsRing: Bool { own == nil }

    /// The next event that is wanted.
    package mutating func next(in ring: EventRing, where isWanted: (NoteEvent) -> Bool) -> Next {
        guard number >= ring.first else { return .lost }
        while let entry = ring[number] {
            number += 1
            guard let isNew = own?.take(entry.event) else {
                if isWanted(entry.event) { return .event(entry.bytes) }
                continue
            }
            let wanted = isNew && isWanted(entry.event) ? own.map { entry.event.bytes(id: $0.position) } : nil
            if own?.isReachedByRing == true { own = nil }
            if let wanted { return .event(wanted) }
        }
        // Whatever lies between the newest event and the head is no event.
        if let own, ring.head.isAtLeast(own.position) { self.own = nil }
        return .nothing
    }

    /// Leaves out events that are known not to be wanted.
    mutating func skip(to number: Int) {
        if own == nil { self.number = max(self.number, number) }
    }
}

/// The position of a reader that came from elsewhere. Partitions may have been read in another order there: events before
/// it are known already, and the ring's own ids would send the reader back.
private struct OwnPosition {
    private(set) var position: StreamPosition
    private var ring: StreamPosition

    init(_ position: StreamPosition, in ring: EventRing) {
        self.position = position
        self.position.loadingSince = nil
        self.ring = ring.base
    }

    /// Takes note of the ring's next event; whether it is news.
    mutating func take(_ event: NoteEvent) -> Bool {
        let partition = Int(event.partition)
        ring.offsets[partition] = event.offset + 1
        guard event.offset >= position.offsets[partition] else { return false }
        position.offsets[partition] = event.offset + 1
        return true
    }

    /// Whether the ring's ids are right for this reader from here on.
    var isReachedByRing: Bool { ring.isAtLeast(position) }
}
