/// How a stage's state comes back when its store is behind the committed position.
package enum ReplayPolicy: Sendable {
    /// State is a function of the log: records up to the committed position are processed silently.
    case rebuildsState
    /// What the state would spare is cheap to do again: start at the committed position.
    case skips
}

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
        /// Outputs were made under another mark, such as another model version.
        case otherMark
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
    ///   - mark: the stage's mark now.
    package static func make(
        stored: Position?, committed: CommittedPosition?, log: ClosedRange<Int64>, policy: ReplayPolicy,
        mark: String
    ) -> RecoveryPlan {
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
        guard committed.position <= end else { return anew(.otherLog) }
        guard committed.mark == mark else {
            var plan = anew(.otherMark)
            // What is kept beside outputs (`skips`) is told apart by the mark; rebuilt state must not count twice.
            if case .skips = policy { plan.wipes = false }
            return plan
        }
        let live = max(committed.position, beginning)
        if stored == live { return RecoveryPlan(situation: .equal, start: live, silentUntil: live) }
        if case .skips = policy {
            return RecoveryPlan(situation: stored == nil ? .missing : .behind, start: live, silentUntil: live)
        }
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
