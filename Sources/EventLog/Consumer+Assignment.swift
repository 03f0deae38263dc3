import CRdKafka

/// Hears of the partitions that come to a consumer and leave it, on the consumer's own thread, from within `poll` or
/// `close`. It may call the consumer's look-ups (`committed`, `watermarks`, ...), not `poll`.
///
/// What it throws comes out of the poll. The partitions concerned are then not read; close the consumer and make another.
public protocol RebalanceListener: AnyObject {
    /// Partitions come. Returns where each is to be read from; one left out is read from `.committed`.
    func assigned(_ partitions: [TopicPartition], to consumer: Consumer) throws -> [TopicPartition: StartOffset]

    /// Partitions are about to leave in good order: still owned until this returns, so work on them can be committed.
    /// Records of theirs that were fetched and not yet returned by `poll` are dropped.
    func revoked(_ partitions: [TopicPartition], from consumer: Consumer) throws

    /// Partitions are gone (the member was thought dead): another may own them already, nothing can be committed.
    func lost(_ partitions: [TopicPartition], from consumer: Consumer) throws
}

extension Consumer {
    /// Joins the group and reads what it assigns. The listener is kept until `close`.
    ///
    /// - Throws: `EventLogError`; without a group, always.
    public func subscribe(to topics: [String], listener: (any RebalanceListener)? = nil) throws(EventLogError) {
        guard group != nil else {
            throw EventLogError(RD_KAFKA_RESP_ERR__INVALID_ARG, "subscribe needs a consumer with a group; use assign")
        }
        self.listener = listener
        hasSubscribed = true
        // librdkafka ignores the partition here.
        let list = PartitionList(topics.map { TopicPartition($0, -1) })
        try client.check(rd_kafka_subscribe(client.handle, list.pointer))
    }

    /// Adds partitions by hand: without a group, or beside those that the group assigns. Ones already read stay as they are.
    public func assign(_ starts: [TopicPartition: StartOffset]) throws(EventLogError) {
        let new = starts.filter { !assignment.contains($0.key) }
        guard !new.isEmpty else { return }
        let list = PartitionList(capacity: new.count)
        for (place, start) in new.sorted(by: { $0.key < $1.key }) { list.add(place, offset: start.raw) }
        try client.check(rd_kafka_incremental_assign(client.handle, list.pointer))
        assignment.formUnion(new.keys)
        assignedByHand.formUnion(new.keys)
    }

    /// Stops reading partitions that were added by hand.
    public func unassign(_ partitions: some Collection<TopicPartition>) throws(EventLogError) {
        let leaving = partitions.filter { assignment.contains($0) }
        guard !leaving.isEmpty else { return }
        let list = PartitionList(leaving)
        try client.check(rd_kafka_incremental_unassign(client.handle, list.pointer))
        forget(leaving)
    }

    /// librdkafka's rebalance callback. Whatever the listener does, (un)assign is called, or the group would stand still.
    func rebalance(
        _ event: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        let partitions = PartitionList.partitions(of: list)
        switch event {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS where isClosed:
            // Came too late: taken without a word and given up again by the close.
            noteIfFailed(rd_kafka_incremental_assign(client.handle, list))
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            hasBeenAssigned = true
            do {
                let starts = try partitions.isEmpty ? [:] : listener?.assigned(partitions, to: self) ?? [:]
                for (index, place) in partitions.enumerated() {
                    list.pointee.elems[index].offset = (starts[place] ?? .committed).raw
                }
                try client.check(rd_kafka_incremental_assign(client.handle, list))
                assignment.formUnion(partitions)
            } catch {
                pendingError = pendingError ?? error
                let none = PartitionList()
                noteIfFailed(rd_kafka_incremental_assign(client.handle, none.pointer))
            }
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            let owned = partitions.filter { assignment.contains($0) }
            do {
                if !owned.isEmpty {
                    if rd_kafka_assignment_lost(client.handle) != 0 {
                        try listener?.lost(owned, from: self)
                    } else {
                        try listener?.revoked(owned, from: self)
                    }
                }
            } catch {
                pendingError = pendingError ?? error
            }
            forget(owned)
            noteIfFailed(rd_kafka_incremental_unassign(client.handle, list))
        default:
            pendingError = pendingError ?? client.error(event)
            rd_kafka_assign(client.handle, nil)
            forget(Array(assignment))
        }
        // Ends the poll that called us, so that its caller sees the new assignment soon.
        rd_kafka_yield(client.handle)
    }

    /// After a fatal error librdkafka calls back no more; the listener hears of its partitions all the same. In good order
    /// there is nothing left when this is called.
    func loseEverything() {
        let owned = assignment.subtracting(assignedByHand)
        forget(Array(assignment))
        guard !owned.isEmpty else { return }
        do { try listener?.lost(owned.sorted(), from: self) } catch { pendingError = pendingError ?? error }
    }

    private func forget(_ partitions: [TopicPartition]) {
        assignment.subtract(partitions)
        assignedByHand.subtract(partitions)
        for place in partitions { caughtUp[place] = nil }
        let leaving = Set(partitions)
        gathered.removeAll { leaving.contains($0.topicPartition) }
    }

    private func noteIfFailed(_ error: OpaquePointer?) {
        do { try client.check(error) } catch { pendingError = pendingError ?? error }
    }
}
