import EventLog
import Foundation
import StateStore

extension StageSession {
    /// Makes a batch true: outputs and positions to Kafka in one transaction, and only after that commit the changes and
    /// positions to the store in one write.
    ///
    /// Whatever is thrown in between leaves the store behind the committed position, or equal to it; the next session's
    /// recovery tells which.
    func commit(_ batch: StageBatch, _ commit: PendingCommit) throws {
        if !batch.outputs.isEmpty || !commit.live.isEmpty {
            do {
                try transact(batch.outputs, commit.live)
            } catch {
                batch.changes.discard()
                if error.requiresAbort { try? producer.abort() }
                throw error
            }
        }
        guard !commit.isEmpty || !batch.changes.isEmpty else { return }
        for (place, position) in commit.live.merging(commit.storeOnly, uniquingKeysWith: { live, _ in live }) {
            try Positions.write(position, of: place, in: batch.changes)
        }
        try Positions.stampWritten(Int64(Date().timeIntervalSince1970 * 1000), in: batch.changes)
        try batch.changes.commit()
        status.update {
            $0.records += commit.records
            $0.replayed += commit.replayed
            $0.outputs += Int64(batch.outputs.count)
            $0.batches += 1
        }
    }

    private func transact(
        _ outputs: [OutgoingRecord], _ positions: [TopicPartition: Position]
    ) throws(EventLogError) {
        try producer.begin()
        for output in outputs { try producer.produce(output) }
        if !positions.isEmpty {
            let offsets = positions.mapValues { position in
                CommittedOffset(
                    offset: position.offset, metadata: CommittedPosition(position, mark: stage.mark).metadata)
            }
            try producer.sendOffsets(offsets, of: consumer)
        }
        try producer.commit()
    }
}
