/// What to do with one partition at assignment: a pure function of where store, group and log stand.
package struct RecoveryPlan: Equatable, Sendable {
    /// What was found.
    package enum Situation: String, Sendable {
        /// Neither store nor group knows the partition.
        case fresh
        /// Store and group agree.
        case equal
        /// The store is behind the group.
        case behind
        /// The group knows the partition, the store does not.
        case missing
        /// The store is not to be trusted: it stands below the log's start.
        case stale
        /// The store, or the group, stands beyond what it can: the log is another one.
        case otherLog
        /// The group knows nothing (its offsets expire), the store does.
        case forgotten
    }

    /// What was found.
    package var situation: Situation
    /// The store's state of this partition is of no use and is wiped first.
    package var wipes = false
    /// Where reading starts.
    package var start: Position
    /// Records before this position are processed without emitting anything.
    package var silentUntil: Position

    /// Decides.
    /// - Parameters:
    ///   - stored: the store's position; nil when it holds nothing of this partition.
    ///   - committed: the group's committed position, open commits awaited; nil when there is none.
    ///   - log: offsets of the first retained record and of the end.
    package static func make(stored: Position?, committed: Position?, log: ClosedRange<Int64>) -> RecoveryPlan {
        let beginning = Position(offset: log.lowerBound)
        let end = Position(offset: log.upperBound)
        func anew(_ situation: Situation) -> RecoveryPlan {
            RecoveryPlan(situation: situation, wipes: stored != nil, start: beginning, silentUntil: beginning)
        }
        guard let committed else {
            guard let stored else { return anew(.fresh) }
            // The store never runs ahead of a commit, so all that it holds was emitted: go on from there.
            guard beginning <= stored, stored <= end else { return anew(.otherLog) }
            return RecoveryPlan(situation: .forgotten, start: stored, silentUntil: stored)
        }
        guard committed <= end else { return anew(.otherLog) }
        let live = max(committed, beginning)
        if stored == live { return RecoveryPlan(situation: .equal, start: live, silentUntil: live) }
        guard let stored else {
            return RecoveryPlan(situation: .missing, start: beginning, silentUntil: live)
        }
        guard stored >= beginning else {
            return RecoveryPlan(situation: .stale, wipes: true, start: beginning, silentUntil: live)
        }
        guard stored < live else {
            return RecoveryPlan(situation: .otherLog, wipes: true, start: beginning, silentUntil: live)
        }
        return RecoveryPlan(situation: .behind, start: stored, silentUntil: live)
    }
}
