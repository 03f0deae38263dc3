import CRdKafka
import Glibc

extension Consumer {
    /// What the group has committed. Waits for transactions that hold offsets of these partitions open, since under
    /// `read_committed` the answer is not known before. Partitions without a committed offset are left out.
    public func committed(
        _ partitions: some Collection<TopicPartition>, timeout: Duration = .seconds(30)
    ) throws(EventLogError) -> [TopicPartition: CommittedOffset] {
        let deadline = Deadline(timeout)
        while true {
            let list = PartitionList(partitions)
            let code = rd_kafka_committed(client.handle, list.pointer, deadline.milliseconds)
            var failed = list.firstError
            if code != RD_KAFKA_RESP_ERR_NO_ERROR { failed = (nil, code) }
            guard let failed else {
                var answer: [TopicPartition: CommittedOffset] = [:]
                for (index, place) in list.partitions.enumerated() { answer[place] = list.committed(index) }
                return answer
            }
            let mayPass =
                EventLogError.coordinatorComesUp.contains(failed.code)
                || [
                    RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR__WAIT_COORD,
                    RD_KAFKA_RESP_ERR__TRANSPORT,
                ].contains(failed.code)
            guard mayPass, !deadline.hasPassed else { throw client.error(failed.code, at: failed.place) }
            usleep(20_000)
        }
    }

    /// The offset behind the last record that `poll` returned, for each partition from which one came.
    public func position(_ partitions: some Collection<TopicPartition>) throws(EventLogError) -> [TopicPartition: Int64]
    {
        let list = PartitionList(partitions)
        try client.check(rd_kafka_position(client.handle, list.pointer))
        var answer: [TopicPartition: Int64] = [:]
        for (index, place) in list.partitions.enumerated() where list.offset(index) >= 0 {
            answer[place] = list.offset(index)
        }
        return answer
    }

    /// How far the place behind the last record lies from each partition's end, as far as the brokers have told in passing:
    /// nothing is asked. Zero where the end has been reached; partitions whose end or place is not known are left out.
    ///
    /// - Parameter position: the caller's own place in a partition, where it has one.
    public func lag(position: (TopicPartition) -> Int64? = { _ in nil }) -> [TopicPartition: Int64] {
        let read = (try? self.position(assignment)) ?? [:]
        var lag: [TopicPartition: Int64] = [:]
        for place in assignment {
            if caughtUp[place] != nil {
                lag[place] = 0
                continue
            }
            var low: Int64 = 0
            var high: Int64 = 0
            let code = rd_kafka_get_watermark_offsets(client.handle, place.topic, place.partition, &low, &high)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0, let at = position(place) ?? read[place] else {
                continue
            }
            lag[place] = max(0, high - at)
        }
        return lag
    }

    /// The oldest and the next offset, asked of the broker now.
    public func watermarks(
        _ place: TopicPartition, timeout: Duration = .seconds(10)
    ) throws(EventLogError) -> Watermarks {
        try client.watermarks(place, timeout: timeout)
    }

    /// The first offset whose record's timestamp is at or after a time (milliseconds since 1970 UTC); partitions without
    /// such a record are left out.
    public func offsets(
        atOrAfter times: [TopicPartition: Int64], timeout: Duration = .seconds(10)
    ) throws(EventLogError) -> [TopicPartition: Int64] {
        let list = PartitionList(capacity: times.count)
        for (place, time) in times.sorted(by: { $0.key < $1.key }) { list.add(place, offset: time) }
        try client.check(rd_kafka_offsets_for_times(client.handle, list.pointer, timeout.milliseconds))
        if let failed = list.firstError { throw client.error(failed.code, at: failed.place) }
        var answer: [TopicPartition: Int64] = [:]
        for (index, place) in list.partitions.enumerated() where list.offset(index) >= 0 {
            answer[place] = list.offset(index)
        }
        return answer
    }

    /// Goes on reading elsewhere; records fetched from the old place are dropped. `.committed` is not a place to seek to.
    public func seek(
        _ starts: [TopicPartition: StartOffset], timeout: Duration = .seconds(10)
    ) throws(EventLogError) {
        guard !starts.isEmpty else { return }
        let list = PartitionList(capacity: starts.count)
        for (place, start) in starts.sorted(by: { $0.key < $1.key }) {
            guard assignment.contains(place) else {
                throw EventLogError(RD_KAFKA_RESP_ERR__STATE, "seek in a partition that is not read", at: place)
            }
            list.add(place, offset: start.raw)
        }
        try client.check(rd_kafka_seek_partitions(client.handle, list.pointer, timeout.milliseconds))
        if let failed = list.firstError { throw client.error(failed.code, at: failed.place) }
        for place in starts.keys { caughtUp[place] = nil }
    }

    /// Stops fetching from partitions, which stay assigned; what was fetched already is dropped and fetched again later.
    public func pause(_ partitions: some Collection<TopicPartition>) throws(EventLogError) {
        let list = PartitionList(partitions)
        try client.check(rd_kafka_pause_partitions(client.handle, list.pointer))
        if let failed = list.firstError { throw client.error(failed.code, at: failed.place) }
    }

    /// Takes up fetching where `pause` stopped it.
    public func resume(_ partitions: some Collection<TopicPartition>) throws(EventLogError) {
        let list = PartitionList(partitions)
        try client.check(rd_kafka_resume_partitions(client.handle, list.pointer))
        if let failed = list.firstError { throw client.error(failed.code, at: failed.place) }
    }
}

extension Client {
    /// Asks again while a leader is being elected, as it is for a moment after a topic was made.
    func watermarks(_ place: TopicPartition, timeout: Duration) throws(EventLogError) -> Watermarks {
        let deadline = Deadline(timeout)
        var low: Int64 = 0
        var high: Int64 = 0
        while true {
            let code = rd_kafka_query_watermark_offsets(
                handle, place.topic, place.partition, &low, &high, deadline.milliseconds)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { return Watermarks(low: low, high: high) }
            let mayPass = [
                RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR__TRANSPORT,
            ].contains(code)
            guard mayPass, !deadline.hasPassed else { throw error(code, at: place) }
            usleep(20_000)
        }
    }
}
