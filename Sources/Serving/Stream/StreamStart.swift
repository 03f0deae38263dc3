/// Where a stream that comes back goes on: a pure function of where it was, of what the ring holds and of the topic's log.
package enum StreamStart: Equatable, Sendable {
    /// All that it missed is in the ring.
    case ring
    /// All that it missed is in the log.
    case log
    /// It may have missed what is not there any more: it gets the whole table, for this reason.
    case reset(String)

    /// What the log holds.
    package struct Log: Equatable, Sendable {
        /// The oldest offset of each partition.
        package var lows: [Int64]
        /// The offset of the record to come.
        package var ends: [Int64]
        /// The first offset from which on no tombstone can have been compacted away yet.
        package var tombstonesKept: [Int64]
        /// Loads of the whole table that began before this time, in seconds since 1970, may have missed tombstones.
        package var oldestLoad: Int64

        package init(lows: [Int64], ends: [Int64], tombstonesKept: [Int64], oldestLoad: Int64) {
            self.lows = lows
            self.ends = ends
            self.tombstonesKept = tombstonesKept
            self.oldestLoad = oldestLoad
        }
    }

    /// Decides by the ring alone, which holds what lies between the two positions; nil: the log must be asked.
    package static func make(asked: StreamPosition, ring: (base: StreamPosition, head: StreamPosition)) -> StreamStart?
    {
        asked.isAtLeast(ring.base) && ring.head.isAtLeast(asked) ? .ring : nil
    }

    /// Decides by the log.
    package static func make(asked: StreamPosition, log: Log) -> StreamStart {
        guard asked.offsets.count == log.ends.count else {
            return .reset("the topic has \(log.ends.count) partitions, the id \(asked.offsets.count)")
        }
        for (partition, offset) in asked.offsets.enumerated() {
            if offset > log.ends[partition] { return .reset("the id lies beyond the end of partition \(partition)") }
            if offset < log.lows[partition] { return .reset("the id lies before the start of partition \(partition)") }
            // A load under way saw no record whose tombstone could be gone by now, unless it began long ago.
            if asked.loadingSince == nil, offset < log.tombstonesKept[partition] {
                return .reset("deletions after the id may be forgotten in partition \(partition)")
            }
        }
        if let since = asked.loadingSince, since < log.oldestLoad {
            return .reset("deletions since the load began may be forgotten")
        }
        return .log
    }
}
