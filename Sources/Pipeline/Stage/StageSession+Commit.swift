import EventLog
import Foundation
import StateStore

/// The group did not take the offsets of a batch, and its transaction was thrown away.
struct OffsetsRefused: Error {
    let cause: EventLogError
}

extension StageSession {
    /// Makes a batch true: outputs and positions to Kafka in one transaction, and only after that commit the changes and
    /// positions to the store in one write.
    ///
    /// Whatever is thrown in between leaves the store behind the committed position, or equal to it; the next session's
    /// recovery tells which.
    func commit(_ batch: StageBatch, _ commit: PendingCommit) throws {
        let began = ContinuousClock.now
        if !batch.outputs.isEmpty || !commit.live.isEmpty {
            do {
                try transact(batch.outputs, commit.live)
            } catch {
                batch.changes.discard()
                guard let error = error as? EventLogError, error.requiresAbort else { throw error }
                try? producer.abort()
                throw error.isStaleMember && !producer.isOpen ? OffsetsRefused(cause: error) : error
            }
            try pass(.afterCommit)
        }
        let committed = ContinuousClock.now
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        guard !commit.isEmpty || !batch.changes.isEmpty || isStampDue(now) else { return }
        for (place, position) in commit.live.merging(commit.storeOnly, uniquingKeysWith: { live, _ in live }) {
            try Positions.write(position, of: place, in: batch.changes)
            owned[place]?.stored = position
        }
        for place in commit.live.keys { owned[place]?.mark = stage.mark(of: place.partition) }
        try Positions.stampWritten(now, in: batch.changes)
        try batch.changes.commit()
        stamped = now
        try pass(.afterStore)
        environment.logger.debug(
            "committed",
            [
                "stage": Stage.name, "outputs": "\(batch.outputs.count)",
                "positions": commit.live.sorted { $0.key < $1.key }.map { "\($0.key)@\($0.value.offset)" }
                    .joined(separator: " "),
            ])
        let stored = ContinuousClock.now
        let freshness = batch.answered.map { Double(max(0, now - $0)) / 1_000 }
        if !freshness.isEmpty { status.recentFreshness.add(freshness) }
        status.update {
            $0.records += commit.records
            $0.replayed += commit.replayed
            $0.outputs += Int64(batch.outputs.count)
            $0.batches += 1
            // Batches that only prepare partitions are not timed.
            if commit.processing > .zero { $0.processing.observe(commit.processing / .seconds(1)) }
            $0.committing.observe((committed - began) / .seconds(1))
            $0.storing.observe((stored - committed) / .seconds(1))
            $0.batchRecords.observe(Double(commit.records + commit.replayed + commit.globalRecords))
            for seconds in freshness { $0.freshness.observe(seconds) }
        }
    }

    func pass(_ point: CrashPoint) throws { try environment.atPoint?(Stage.name, point) }

    /// A store that is kept up to date is in use, though a quiet log leaves nothing to write for days.
    private func isStampDue(_ now: Int64) -> Bool {
        isAtEnd && now - stamped > min(600_000, environment.deleteRetentionMilliseconds / 8)
    }

    /// The offsets of a transaction: the positions that it brings, and where the other partitions stand already.
    ///
    /// Those for the group's sake: much is said in batches without a record, such as lists that wait or a global table made
    /// due. The group takes offsets of its present members alone, so a process that was stopped for long, and whose
    /// partitions another one owns by now, cannot say anything of them any more; and offsets that wait for their
    /// transaction's end keep a new owner waiting for it.
    private func offsets(of positions: [TopicPartition: Position]) -> [TopicPartition: CommittedOffset] {
        func offset(_ position: Position, _ mark: String) -> CommittedOffset {
            CommittedOffset(offset: position.offset, metadata: CommittedPosition(position, mark: mark).metadata)
        }
        var offsets = owned.filter { !$0.value.isSilent }.mapValues { offset($0.position, $0.mark) }
        for (place, position) in positions { offsets[place] = offset(position, stage.mark(of: place.partition)) }
        return offsets
    }

    private func transact(
        _ outputs: [OutgoingRecord], _ positions: [TopicPartition: Position]
    ) throws {
        try producer.begin()
        for output in outputs { try producer.produce(output) }
        try pass(.beforeOffsets)
        let offsets = offsets(of: positions)
        if !offsets.isEmpty { try producer.sendOffsets(offsets, of: consumer) }
        try pass(.beforeCommit)
        try producer.commit()
    }
}
