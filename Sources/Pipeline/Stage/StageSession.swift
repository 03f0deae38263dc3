import EventLog
import Foundation
import Schemas
import StateStore

/// One life of a stage's consumer and producer: from joining the group to the first error, or to the end.
///
/// Everything happens on the stage's thread. Partitions come and go only inside `poll`, between two batches.
final class StageSession<Stage: StreamStage> {
    /// An owned partition.
    struct Owned {
        var position: Position
        /// Where the store stands: a batch that is refused is done again from here.
        var stored: Position
        /// Records before it are replayed without emitting anything.
        var silentUntil: Position
        /// The mark that was last committed.
        var mark: String
        var isSilent: Bool { position < silentUntil }
    }

    let stage: Stage
    let store: Store
    let environment: StageEnvironment
    let status: StageStatus
    private let questions: StageQuestions<Stage>
    let producer: TransactionalProducer
    let consumer: Consumer
    /// Reads the global tables, and at assignments the stage's own output.
    let globals: Consumer?
    /// What it is about, for whoever reads of its end.
    var task = "taking over the transactional id"
    var owned: [TopicPartition: Owned] = [:]
    /// Owned partitions for which nothing may be emitted yet: see `prepare()`.
    var unprepared: Set<TopicPartition> = []
    /// Wall-clock milliseconds of the store's last write in this session.
    var stamped: Int64 = 0
    /// When the store was last copied, and when the progress of a replay was last told.
    var checkpointed = ContinuousClock.now
    private var toldProgress = ContinuousClock.now
    /// When lag and the stage's own figures were last taken.
    private var measured: ContinuousClock.Instant?
    /// Records read and not yet processed; `next` is the first of them.
    private var waiting: [Record] = []
    private var next = 0
    private var setAsideLines = SetAsideLines()

    init(
        stage: Stage, store: Store, environment: StageEnvironment, status: StageStatus,
        questions: StageQuestions<Stage>
    ) throws {
        self.stage = stage
        self.store = store
        self.environment = environment
        self.status = status
        self.questions = questions
        producer = try TransactionalProducer(
            environment.client, transactionalID: environment.transactionalID(Stage.name))
        consumer = try Consumer(
            environment.client,
            group: GroupSettings(groupID: environment.groupID(Stage.name), instanceID: environment.instanceID))
        globals = Stage.globalTopics.isEmpty ? nil : try Consumer(environment.client)
    }

    /// Runs until `stop` is set; throws what ends the session. The last batch is then committed or discarded, never half.
    func run(until stop: StopSignal) throws {
        try producer.initTransactions(unless: { stop.isSet })
        task = "opening the global tables"
        try discardStaleState()
        try openGlobals()
        task = "working"
        try consumer.subscribe(to: [environment.topics.name(of: Stage.inputTopic)], listener: self)
        while !stop.isSet { try step() }
    }

    /// Leaves the group in good order, as far as the broker lets us.
    func close() {
        do { try consumer.close() } catch {
            environment.logger.debug("leaving the group failed", ["stage": Stage.name, "error": "\(error)"])
        }
        try? globals?.close()
        tellLeftOut(setAsideLines.rest())
        status.update { $0.isReady = false }
    }

    // MARK: - One batch

    private func step() throws {
        questions.answer(stage, store)
        do { try runBatch() } catch let refusal as OffsetsRefused { try rewind(refusal) }
    }

    /// The group was between two generations when offsets came to be committed: nothing of the batch is out, and it is done
    /// again from where the store stands. In the same session: a member that leaves in the midst of a rebalance and comes
    /// back under its name is handed its old share, and partitions that were on their way stay with nobody.
    private func rewind(_ refusal: OffsetsRefused) throws {
        environment.logger.notice(
            "the group is being rebalanced; the batch is done again",
            ["stage": Stage.name, "error": "\(refusal.cause)"])
        waiting.removeAll(keepingCapacity: true)
        next = 0
        try stage.reload()
        for (place, partition) in owned { owned[place]?.position = partition.stored }
        unprepared = Set(owned.keys)
        try consumer.seek(owned.mapValues { .offset($0.stored.offset) })
        if let globals {
            var starts: [TopicPartition: StartOffset] = [:]
            for place in globals.assignment {
                starts[place] = try Positions.read(place, in: store).map { .offset($0.offset) } ?? .beginning
            }
            try globals.seek(starts)
        }
        usleep(50_000)
    }

    private func runBatch() throws {
        try gather()
        // Before the global tables are read on: preparing reads them to their ends.
        if !unprepared.isEmpty { try prepare() }
        let globalRecords = try gatherGlobals()
        let began = ContinuousClock.now
        let batch = makeBatch()
        var commit = PendingCommit()
        try apply(globalRecords, in: batch, &commit) { [stage] record, batch in
            try stage.processGlobal(record, in: batch)
        }
        try processWaiting(in: batch, &commit)
        try stage.finish(batch)
        noteMarks(of: batch, in: &commit)
        commit.processing = ContinuousClock.now - began
        try self.commit(batch, commit)
        if owned.values.contains(where: { $0.position.timers > 0 }) { try pass(.betweenTimers) }
        endSilence()
        report()
        writeCheckpointIfDue()
    }

    /// Positions that go to Kafka for their marks' sake.
    func noteMarks(of batch: StageBatch, in commit: inout PendingCommit) {
        for (place, partition) in owned where batch.marked.contains(place.partition) && !partition.isSilent {
            commit.note(place, partition.position, isSilent: false, isRecord: false)
        }
    }

    /// A batch that knows which partitions have their replay behind them.
    func makeBatch() -> StageBatch {
        let batch = StageBatch(changes: store.makeBatch(), topics: environment.topics)
        batch.livePartitions = Set(owned.filter { !$0.value.isSilent }.keys.map(\.partition))
        return batch
    }

    /// With two consumers neither may keep the other waiting for long.
    private var patience: Duration { globals == nil ? .milliseconds(50) : .milliseconds(5) }

    /// Reads from the group. A batch ends when it is full or the commit interval is over; the first record does not wait
    /// for others when the stage was idle.
    private func gather() throws {
        guard next == waiting.count else { return }
        waiting.removeAll(keepingCapacity: true)
        next = 0
        waiting = try consumer.poll(
            maximum: environment.batchRecords, timeout: stage.backlog > 0 ? .milliseconds(1) : patience,
            linger: environment.commitInterval)
    }

    /// Reads from the global topics, waiting only when there is nothing else to do.
    private func gatherGlobals() throws -> [Record] {
        guard let globals else { return [] }
        let isIdle = next == waiting.count
        return try globals.poll(
            maximum: environment.batchRecords, timeout: isIdle && stage.backlog == 0 ? patience : .zero,
            linger: isIdle ? environment.commitInterval : .zero)
    }

    /// Where a partition's end has been reached, nothing is left to replay, though the last offsets before the committed
    /// position may hold no record: retention, compaction and the marks of transactions leave gaps.
    private func endSilence() {
        guard next == waiting.count else { return }
        for (place, partition) in owned where partition.isSilent {
            guard let end = consumer.caughtUp[place], end >= partition.silentUntil.offset else { continue }
            owned[place]?.position = partition.silentUntil
        }
    }

    private func processWaiting(in batch: StageBatch, _ commit: inout PendingCommit) throws {
        var timersLeft = environment.timerSlice
        while next < waiting.count {
            let record = waiting[next]
            let place = record.topicPartition
            guard var partition = owned[place] else {  // revoked since it was read
                next += 1
                continue
            }
            let isDone = try process(record, &partition, &timersLeft, in: batch)
            owned[place] = partition
            commit.note(place, partition.position, isSilent: batch.isSilent, isRecord: isDone)
            guard isDone else { break }  // out of timers: the rest belongs to the next batch
            next += 1
        }
        batch.isSilent = false
    }

    /// Runs the record's timers, then the record; false when timers are left for the next batch.
    private func process(
        _ record: Record, _ partition: inout Owned, _ timersLeft: inout Int, in batch: StageBatch
    ) throws -> Bool {
        if partition.position.offset != record.offset { partition.position = Position(offset: record.offset) }
        // Where the committed position lies among a record's timers, nothing of the record itself is out yet.
        let isRecordSilent = record.offset < partition.silentUntil.offset
        let input: Stage.Input
        do {
            input = try stage.decode(record)
        } catch {
            batch.isSilent = isRecordSilent
            setAside(record, error, in: batch)
            partition.position = Position(offset: record.offset + 1)
            return true
        }
        guard try runTimers(before: input, of: record.partition, &partition, &timersLeft, in: batch) else {
            return false
        }
        batch.isSilent = isRecordSilent
        try stage.process(input, of: record.partition, in: batch)
        partition.position = Position(offset: record.offset + 1)
        return true
    }

    /// Runs timers until none is left (true) or the batch has had its share. Where the committed position lies between two
    /// timers, those before it run silently, those behind it do not.
    private func runTimers(
        before input: Stage.Input, of number: Int32, _ partition: inout Owned, _ timersLeft: inout Int,
        in batch: StageBatch
    ) throws -> Bool {
        while true {
            var limit = timersLeft
            if partition.isSilent, partition.silentUntil.offset == partition.position.offset {
                limit = min(limit, Int(partition.silentUntil.timers - partition.position.timers))
            }
            batch.isSilent = partition.isSilent
            guard limit > 0 else { return false }
            let progress = try stage.runTimers(before: input, of: number, limit: limit, in: batch)
            timersLeft -= progress.isFinished ? progress.run : limit
            partition.position.timers += Int64(progress.run)
            if progress.isFinished { return true }
        }
    }

    /// Applies records that have no committed position: `body` does it, what it cannot read is set aside.
    func apply(
        _ records: [Record], in batch: StageBatch, _ commit: inout PendingCommit,
        _ body: (Record, StageBatch) throws -> Void
    ) throws {
        for record in records {
            do {
                try body(record, batch)
            } catch let error as SchemaError {
                setAside(record, error, in: batch)
            }
            commit.note(global: record.topicPartition, Position(offset: record.offset + 1))
        }
    }

    /// Sends a record that cannot be read to the dead letters, and goes on.
    private func setAside(_ record: Record, _ error: SchemaError, in batch: StageBatch) {
        guard !batch.isSilent else { return }
        let letter = DeadLetter.record(
            record, error, stage: Stage.name, limit: environment.topics.maximumBytes(of: .deadLetters))
        batch.send(to: .deadLetters, key: letter.key, value: letter.value, headers: letter.headers)
        status.update { $0.deadLettersByReason[error.reason.rawValue, default: 0] += 1 }
        guard let leftOut = setAsideLines.admit(error.reason) else { return }
        var metadata = [
            "stage": Stage.name, "record": "\(record.topicPartition)@\(record.offset)", "why": "\(error)",
        ]
        if !leftOut.isEmpty { metadata["left_out_before"] = SetAsideLines.text(leftOut) }
        environment.logger.warning("a record was set aside", metadata)
    }

    /// Tells of records set aside that got no line of their own.
    private func tellLeftOut(_ leftOut: [SchemaError.Reason: Int]?) {
        guard let leftOut else { return }
        environment.logger.warning(
            "more records were set aside", ["stage": Stage.name, "left_out_before": SetAsideLines.text(leftOut)])
    }

    /// Tells how the stage stands, for those who wait until it has caught up.
    private func report() {
        tellLeftOut(setAsideLines.overdue())
        let isReady = !owned.isEmpty && unprepared.isEmpty && !owned.values.contains(where: \.isSilent)
        let hasMore = next < waiting.count || stage.backlog > 0
        let isAtEnd = isAtEnd
        if isReady, !status.now.isReady { environment.logger.info("ready", ["stage": Stage.name]) }
        tellProgress()
        measure()
        status.update {
            $0.partitions = owned.keys.map(\.partition).sorted()
            $0.isReady = isReady
            $0.isDrained = isReady && isAtEnd && !hasMore
        }
    }

    /// Once a second, what is too dear to be looked at after every batch.
    private func measure() {
        guard measured.map({ ContinuousClock.now - $0 >= .seconds(1) }) ?? true else { return }
        measured = .now
        var lag = consumer.lag { owned[$0]?.position.offset }
        if let globals { lag.merge(globals.lag()) { own, _ in own } }
        let figures = stage.figures()
        status.update { [lag, backlog = stage.backlog] in
            $0.lag = lag
            $0.figures = figures
            $0.backlog = backlog
        }
    }

    /// A long replay says every few seconds how far it is.
    private func tellProgress() {
        guard ContinuousClock.now - toldProgress > .seconds(5) else { return }
        toldProgress = .now
        let silent = owned.filter(\.value.isSilent)
        guard !silent.isEmpty else { return }
        let left = silent.values.reduce(0) { $0 + $1.silentUntil.offset - $1.position.offset }
        environment.logger.info(
            "replaying",
            [
                "stage": Stage.name, "partitions": silent.keys.sorted().map { "\($0)" }.joined(separator: " "),
                "records": "\(status.now.replayed)", "left": "\(left)",
            ])
    }

    /// Every partition read here was read to its end when last looked at.
    var isAtEnd: Bool {
        [consumer, globals].compactMap { $0 }.allSatisfy { reader in
            reader.assignment.allSatisfy { reader.caughtUp[$0] != nil }
        }
    }
}

/// The positions that a batch brings.
struct PendingCommit {
    /// Positions that go to Kafka with the batch's outputs, then to the store.
    private(set) var live: [TopicPartition: Position] = [:]
    /// Positions that only the store gets: of replayed records, and of the global tables.
    private(set) var storeOnly: [TopicPartition: Position] = [:]
    private(set) var records: Int64 = 0
    private(set) var replayed: Int64 = 0
    /// Records of global topics.
    private(set) var globalRecords: Int64 = 0
    /// What the batch took before it was committed.
    var processing = Duration.zero

    var isEmpty: Bool { live.isEmpty && storeOnly.isEmpty }

    mutating func note(_ place: TopicPartition, _ position: Position, isSilent: Bool, isRecord: Bool) {
        if isSilent {
            storeOnly[place] = position
            if isRecord { replayed += 1 }
        } else {
            live[place] = position
            storeOnly[place] = nil
            if isRecord { records += 1 }
        }
    }

    mutating func note(global place: TopicPartition, _ position: Position) {
        storeOnly[place] = position
        globalRecords += 1
    }
}
