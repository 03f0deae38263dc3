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
    /// Where a reader that came from elsewhere stands. Partitions may have been read in another order there: events before
    /// it are known already, and it must not be sent back by the ring's own ids. nil once the ring has come so far.
    private var own: (position: StreamPosition, ring: StreamPosition)?

    /// A reader of what is to come.
    package init(endOf ring: EventRing) { number = ring.end }

    /// A reader that stands at a position which the ring's base does not lie beyond.
    package init(at position: StreamPosition, in ring: EventRing) {
        number = ring.first
        var position = position
        position.loadingSince = nil
        own = (position, ring.base)
    }

    /// Whether the ring's own positions say where the reader is.
    package var followsRing: Bool { own == nil }

    /// The next event that is wanted.
    package mutating func next(in ring: EventRing, where isWanted: (NoteEvent) -> Bool) -> Next {
        guard number >= ring.first else { return .lost }
        while let entry = ring[number] {
            number += 1
            guard let place = own else {
                if isWanted(entry.event) { return .event(entry.bytes) }
                continue
            }
            let partition = Int(entry.event.partition)
            let isNew = entry.event.offset >= place.position.offsets[partition]
            let reached = entry.event.offset + 1
            own?.ring.offsets[partition] = reached
            own?.position.offsets[partition] = max(reached, place.position.offsets[partition])
            let id = own?.position ?? place.position
            if own?.ring.isAtLeast(id) == true { own = nil }
            if isNew, isWanted(entry.event) { return .event(entry.event.bytes(id: id)) }
        }
        // Whatever lies between the newest event and the head is no event.
        if let place = own, ring.head.isAtLeast(place.position) { own = nil }
        return .nothing
    }

    /// Leaves out events that are known not to be wanted.
    mutating func skip(to number: Int) {
        if own == nil { self.number = max(self.number, number) }
    }
}
