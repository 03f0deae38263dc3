import EventLog
import Foundation
import StateStore

/// Partitions coming and going, and the global tables.
extension StageSession: RebalanceListener {
    func assigned(_ partitions: [TopicPartition], to consumer: Consumer) throws -> [TopicPartition: StartOffset] {
        task = "reading the committed positions, which waits for open transactions"
        let committed = try consumer.committed(partitions)
        task = "working"
        var starts: [TopicPartition: StartOffset] = [:]
        let batch = StageBatch(changes: store.makeBatch(), topics: environment.topics)
        for place in partitions {
            let last = committed[place].map { CommittedPosition(offset: $0.offset, metadata: $0.metadata) }
            let log = try consumer.watermarks(place)
            let plan = RecoveryPlan.make(
                stored: try Positions.read(place, in: store), committed: last?.position,
                log: log.low...max(log.low, log.high))
            if plan.wipes { try wipe(place, in: batch) }
            owned[place] = Owned(
                position: plan.start, stored: plan.start, silentUntil: plan.silentUntil, mark: last?.mark ?? "")
            unprepared.insert(place)
            starts[place] = .offset(plan.start.offset)
            status.update { $0.recoveries[plan.situation.rawValue, default: 0] += 1 }
            environment.logger.info(
                "partition assigned",
                [
                    "stage": Stage.name, "partition": "\(place)", "found": plan.situation.rawValue,
                    "from": "\(plan.start.offset)", "silent_until": "\(plan.silentUntil.offset)",
                ])
        }
        try batch.changes.commit()
        return starts
    }

    func revoked(_ partitions: [TopicPartition], from consumer: Consumer) throws {
        try pass(.inRevocation)
        for place in partitions {
            owned[place] = nil
            unprepared.remove(place)
            stage.revoked(place.partition)
            environment.logger.info("partition revoked", ["stage": Stage.name, "partition": "\(place)"])
        }
    }

    func lost(_ partitions: [TopicPartition], from consumer: Consumer) throws {
        try revoked(partitions, from: consumer)
    }

    /// Forgets a partition: its state, where it stood, and how far the stage's own output was taken note of.
    private func wipe(_ place: TopicPartition, in batch: StageBatch) throws {
        try stage.wipe(place.partition, in: batch)
        try Positions.clear(place, in: batch.changes)
        if let topic = Stage.ownOutputTopic {
            let output = TopicPartition(environment.topics.name(of: topic), place.partition)
            try Positions.clear(output, in: batch.changes)
        }
    }

    /// Empties a store that was last written longer ago than half of the time for which brokers keep tombstones: it may
    /// hold what was deleted since. So does one written that far in the future: the clock was wrong then, or is now. All of
    /// it at once, since the next write makes the store look fresh.
    func discardStaleState() throws {
        stamped = Int64(Date().timeIntervalSince1970 * 1000)
        guard let written = try Positions.lastWritten(in: store),
            abs(stamped - written) > environment.deleteRetentionMilliseconds / 2
        else { return }
        environment.logger.notice("the store was unused for too long and is rebuilt", ["stage": Stage.name])
        let batch = StageBatch(changes: store.makeBatch(), topics: environment.topics)
        for place in environment.topics.places(of: Stage.inputTopic) { try wipe(place, in: batch) }
        try wipeGlobals(in: batch)
        try Positions.stampWritten(stamped, in: batch.changes)
        try batch.changes.commit()
        try stage.reload()
    }

    private func wipeGlobals(in batch: StageBatch) throws {
        try stage.wipeGlobals(in: batch)
        for topic in Stage.globalTopics {
            for place in environment.topics.places(of: topic) { try Positions.clear(place, in: batch.changes) }
        }
    }

    // MARK: - Global tables

    /// Starts reading the global tables where the store left them, or from their start when it cannot be trusted.
    func openGlobals() throws {
        guard let globals else { return }
        var places: [TopicPartition: Position] = [:]
        var isSound = true
        for topic in Stage.globalTopics {
            for place in environment.topics.places(of: topic) {
                let log = try globals.watermarks(place)
                let stored = try Positions.read(place, in: store)
                if let stored, stored.offset < log.low || stored.offset > log.high { isSound = false }
                places[place] = stored ?? Position(offset: log.low)
            }
        }
        if !isSound {
            environment.logger.notice("the global tables are read anew", ["stage": Stage.name])
            let batch = StageBatch(changes: store.makeBatch(), topics: environment.topics)
            try wipeGlobals(in: batch)
            try batch.changes.commit()
            try stage.reload()
        }
        try globals.assign(places.mapValues { isSound ? .offset($0.offset) : .beginning })
    }

    /// Before anything is emitted for new partitions: reads the global tables to their ends, then what this stage itself
    /// said last, so that the stage can tell which lists are missing or out of date.
    func prepare() throws {
        if let globals {
            try read(globals, toEndsOf: globals.assignment) { [stage] record, batch in
                try stage.processGlobal(record, in: batch)
            }
        }
        let places = unprepared
        if let globals, let topic = Stage.ownOutputTopic {
            try restoreOwnOutput(
                of: places.map { TopicPartition(environment.topics.name(of: topic), $0.partition) }, globals)
        }
        let batch = makeBatch()
        for place in places.sorted() {
            try stage.assigned(place.partition, mark: owned[place]?.mark ?? "", in: batch)
        }
        var pending = PendingCommit()
        noteMarks(of: batch, in: &pending)
        try commit(batch, pending)
        unprepared.subtract(places)
    }

    private func restoreOwnOutput(of places: [TopicPartition], _ globals: Consumer) throws {
        var starts: [TopicPartition: StartOffset] = [:]
        for place in places {
            let log = try globals.watermarks(place)
            let stored = try Positions.read(place, in: store)
            if let stored, (log.low...max(log.low, log.high)).contains(stored.offset) {
                starts[place] = .offset(stored.offset)
            } else {
                starts[place] = .beginning
            }
        }
        try globals.assign(starts)
        defer { try? globals.unassign(places) }
        try read(globals, toEndsOf: places) { [stage] record, batch in
            if starts[record.topicPartition] != nil {
                try stage.restoreOwnOutput(record, in: batch)
            } else {
                try stage.processGlobal(record, in: batch)
            }
        }
    }

    /// Reads until the ends that some partitions have now, writing to the store as it goes.
    private func read(
        _ reader: Consumer, toEndsOf places: some Collection<TopicPartition>,
        _ body: (Record, StageBatch) throws -> Void
    ) throws {
        var ends = try LogEnds(of: places, seenBy: reader)
        while !ends.areReached {
            let records = try reader.poll(maximum: environment.batchRecords, timeout: .milliseconds(100))
            ends.note(records, reader)
            guard !records.isEmpty else { continue }
            let batch = StageBatch(changes: store.makeBatch(), topics: environment.topics)
            var pending = PendingCommit()
            try apply(records, in: batch, &pending, body)
            try commit(batch, pending)
        }
    }
}
